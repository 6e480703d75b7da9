-- Holds what an attempt can cost at most on three budgets, if each has room for it, and ends holds
-- that nobody has settled in time. ARGV, after those of `accounts.lua`: when the hold ends (ms); the
-- budgets of user, world and installation, each for hour, day and month in millionths of a dollar
-- and tokens; nothing is no limit. Gives 0, or which of the three has no room.

sound(HOLDS, 'zset')
for _, late in ipairs(redis.call('ZRANGEBYSCORE', HOLDS, '-inf', now, 'LIMIT', 0, ENDED_AT_ONCE_MAX)) do
  end_hold(late)
end

local function has_room(account, first)
  for period = 1, 3 do
    for kind = 1, 2 do
      local max = tonumber(ARGV[first + 2 * (period - 1) + kind - 1])
      local spent = account[3 * period - 2 + kind]
      if max and spent + account[9 + kind] + amounts[kind] > max then
        return false
      end
    end
  end
  return true
end

local three = payers()
for which, payer in ipairs(three) do
  if payer and not has_room(payer.account, 14 + 6 * (which - 1)) then
    return which
  end
end
for _, payer in ipairs(three) do
  if payer then
    for kind = 1, 2 do
      payer.account[9 + kind] = plus(payer.account[9 + kind], amounts[kind])
    end
    keep(payer)
  end
end
local key = PREFIX .. 'hold:' .. id
redis.call('DEL', key)
redis.call('HSET', key, 'microdollars', whole(amounts[1]), 'tokens', whole(amounts[2]),
  'user', three[1] and three[1].key or '', 'world', three[2] and three[2].key or '')
redis.call('PEXPIRE', key, KEPT_MS)
redis.call('ZADD', HOLDS, ARGV[13], id)
redis.call('PEXPIRE', HOLDS, KEPT_MS)
return 0
