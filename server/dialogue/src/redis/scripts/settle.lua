-- Ends a hold and books what was spent. ARGV, after those of `accounts.lua`: whether nothing was held
-- here, as far as whoever asks knows ('1'). Then it is booked once, by the id, however often this is
-- asked; else a hold that is not there was booked already, as the most that it can have cost.

sound(HOLDS, 'zset')
local is_unheld = ARGV[13] == '1'
local was_held = end_hold(id, amounts)
if is_unheld and redis.call('SET', ended(id), '1', 'NX', 'PX', ENDED_KEPT_MS) and not was_held then
  for _, payer in ipairs(payers()) do
    book(payer.account, { 0, 0 }, amounts)
    keep(payer)
  end
end
return was_held and 1 or 0
