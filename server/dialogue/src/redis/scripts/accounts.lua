-- Accounts of payers, and what is held of them. Stands before `reserve.lua` and `settle.lua`.
--
-- An account is a text of eleven whole numbers: hour, day and month, each as its number, its
-- millionths of a dollar and its tokens; then both of them that are held. Whole numbers are exact
-- up to 2^53; sums end there. What is no account begins anew: nothing in a key is believed.
--
-- KEYS: what all keys begin with. ARGV: now (ms), hour, day, month, id of the hold, user, their
-- crowd, world, users and worlds that may have accounts of their own, millionths of a dollar,
-- tokens. The keys are made here: one Redis, not a cluster of them.

local PREFIX = KEYS[1]
local HOLDS = PREFIX .. 'holds'
local EVERYBODY = PREFIX .. 'installation'
local LARGEST = 9007199254740991
local ACCOUNT_BYTES_MAX = 256
-- Longer than any month.
local KEPT_MS = 32 * 24 * 60 * 60 * 1000
-- Longer than any settlement is tried.
local ENDED_KEPT_MS = 60 * 60 * 1000
-- Clocks of servers differ: hours, days and months so far ahead are gone on with.
local AHEAD_MAX = { 31 * 24, 31, 1 }
-- Of those that nobody settled in time, with each that is made.
local ENDED_AT_ONCE_MAX = 16

local now = tonumber(ARGV[1])
local index = { tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]) }
local id = ARGV[5]
local amounts = { tonumber(ARGV[11]), tonumber(ARGV[12]) }

local function plus(one, other)
  return math.min(one + other, LARGEST)
end

local function whole(number)
  return string.format('%.0f', number)
end

local function count(text)
  local number = text and tonumber(text)
  if number and number >= 0 and number <= LARGEST and number == math.floor(number) then
    return number
  end
end

-- Takes away what is there if it is of another kind.
local function sound(key, kind)
  local is = redis.call('TYPE', key)['ok']
  if is ~= kind and is ~= 'none' then
    redis.call('DEL', key)
  end
end

-- An account as it is in the present hour, day and month. A clock that goes back begins nothing.
local function read(key)
  local account, text = {}, redis.pcall('GETRANGE', key, 0, ACCOUNT_BYTES_MAX)
  if type(text) == 'string' and string.find(text, '^[%d ]+$') then
    for word in string.gmatch(text, '%d+') do
      account[#account + 1] = count(word)
    end
  end
  if #account ~= 11 then
    account = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }
  end
  for period = 1, 3 do
    local place = 3 * period - 2
    local ahead = account[place] - index[period]
    if ahead < 0 or ahead > AHEAD_MAX[period] then
      account[place], account[place + 1], account[place + 2] = index[period], 0, 0
    end
  end
  return account
end

local function write(key, account)
  local words = {}
  for place, number in ipairs(account) do
    words[place] = whole(number)
  end
  redis.call('SET', key, table.concat(words, ' '), 'PX', KEPT_MS)
end

-- Where a payer's account is, as a key, and the account: their own, unless there are too many;
-- whoever gets one then has spent what they may have spent while they shared one.
local function place(kind, name, crowd, own_max)
  local known = PREFIX .. 'known:' .. kind
  local own, shared = PREFIX .. kind .. ':' .. name, PREFIX .. kind .. 's:' .. crowd
  sound(known, 'zset')
  if not redis.call('ZSCORE', known, own) then
    redis.call('ZREMRANGEBYSCORE', known, '-inf', now)
    if redis.call('ZCARD', known) >= own_max then
      return { key = shared, account = read(shared) }
    end
    if redis.call('EXISTS', own) == 0 then
      local account = read(shared)
      account[10], account[11] = 0, 0
      return { key = own, known = known, account = account }
    end
  end
  return { key = own, known = known, account = read(own) }
end

-- The three whose budgets it is on; false: it is on no such budget.
local function payers()
  return {
    ARGV[6] ~= '' and place('user', ARGV[6], ARGV[7], tonumber(ARGV[9])),
    ARGV[8] ~= '' and place('world', ARGV[8], '0', tonumber(ARGV[10])),
    { key = EVERYBODY, account = read(EVERYBODY) },
  }
end

local function keep(payer)
  write(payer.key, payer.account)
  if payer.known then
    redis.call('ZADD', payer.known, whole(now + KEPT_MS), payer.key)
    redis.call('PEXPIRE', payer.known, KEPT_MS)
  end
end

local function book(account, held, spent)
  for kind = 1, 2 do
    account[9 + kind] = math.max(account[9 + kind] - held[kind], 0)
    for period = 1, 3 do
      local place = 3 * period - 2 + kind
      account[place] = plus(account[place], spent[kind])
    end
  end
end

-- Whether what was held by this name was booked without it.
local function ended(hold_id)
  return PREFIX .. 'ended:' .. hold_id
end

-- Ends a hold, and books what was spent, or, if nobody says so, all of it. False: there is none.
local function end_hold(hold_id, spent)
  local key = PREFIX .. 'hold:' .. hold_id
  sound(key, 'hash')
  local hold = redis.call('HMGET', key, 'microdollars', 'tokens', 'user', 'world')
  redis.call('DEL', key)
  redis.call('ZREM', HOLDS, hold_id)
  local held = { count(hold[1]), count(hold[2]) }
  if not held[1] or not held[2] then
    return false
  end
  if not spent then
    spent = redis.call('EXISTS', ended(hold_id)) == 1 and { 0, 0 } or held
    redis.call('SET', ended(hold_id), '1', 'PX', ENDED_KEPT_MS)
  end
  for _, payer in ipairs({ hold[3] or '', hold[4] or '', EVERYBODY }) do
    if string.sub(payer, 1, #PREFIX) == PREFIX then
      local account = read(payer)
      book(account, held, spent)
      write(payer, account)
    end
  end
  return true
end
