-- Takes a message of somebody, if they have sent fewer than the limit in the last hour. A list has the
-- times of those of the last hour, the oldest one first. What is no such list is taken away.
--
-- KEYS: what all keys begin with. ARGV: now (ms), limit, user, their crowd, users who may have a list
-- of their own, the longest list. Gives how many more they may send, or -1, and in how many ms the
-- next one is free.

local PREFIX = KEYS[1]
local HOUR_MS = 60 * 60 * 1000
-- Clocks of servers differ: what is further ahead is not believed.
local AHEAD_MAX_MS = 24 * HOUR_MS

local given, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local known, key = PREFIX .. 'known', PREFIX .. 'user:' .. ARGV[3]
local crowd = PREFIX .. 'users:' .. ARGV[4]

local function sound(which, kind)
  local is = redis.call('TYPE', which)['ok']
  if is ~= kind and is ~= 'none' then
    redis.call('DEL', which)
  end
end

sound(known, 'zset')
sound(crowd, 'list')
local is_own = redis.call('ZSCORE', known, key)
if not is_own then
  redis.call('ZREMRANGEBYSCORE', known, '-inf', given)
  is_own = redis.call('ZCARD', known) < tonumber(ARGV[5])
  if not is_own then
    key = crowd
  elseif redis.call('EXISTS', key) == 0 then
    -- What they may have sent while they were one of many.
    redis.call('COPY', crowd, key)
  end
end
sound(key, 'list')
if redis.call('LLEN', key) > tonumber(ARGV[6]) then
  redis.call('DEL', key)
end

local function at(place)
  local text = redis.call('LINDEX', key, place)
  if not text then
    return nil
  end
  local ms = tonumber(text)
  if not (ms and ms >= 0 and ms <= given + AHEAD_MAX_MS) then
    redis.call('DEL', key)
    return nil
  end
  return ms
end

-- The time never goes back.
local now = math.max(given, at(-1) or 0)
local first = at(0)
while first and first + HOUR_MS <= now do
  redis.call('LPOP', key)
  first = at(0)
end
local sent = redis.call('LLEN', key)
if sent >= limit then
  -- Once this one is an hour old, fewer than the limit are left.
  local hinders = at(sent - limit) or now - HOUR_MS
  return { -1, hinders + HOUR_MS - now }
end
local kept_ms = HOUR_MS + now - given
redis.call('RPUSH', key, string.format('%.0f', now))
redis.call('PEXPIRE', key, kept_ms)
if is_own then
  redis.call('ZADD', known, string.format('%.0f', now + HOUR_MS), key)
  redis.call('PEXPIRE', known, HOUR_MS + AHEAD_MAX_MS)
end
return { limit - sent - 1, 0 }
