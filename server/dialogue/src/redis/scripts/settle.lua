-- Ends a hold and books what was spent, once by its id, however often this is asked: also if there is
-- no hold, since Redis was away when it was made, or has lost it. What has ended in its time was booked
-- as the most that it can have cost.

sound(HOLDS, 'zset')
local was_held = end_hold(id, amounts)
if redis.call('SET', ended(id), '1', 'NX', 'PX', ENDED_KEPT_MS) and not was_held then
  for _, payer in ipairs(payers()) do
    if payer then
      book(payer.account, { 0, 0 }, amounts)
      keep(payer)
    end
  end
end
return was_held and 1 or 0
