-- Every change of the queue, each whole or not at all. KEYS: jobs, later, dead. ARGV: what is to be
-- done, with which prefix of keys, and with what.
--
-- jobs       stream of what is to be begun, or has been: `id` of the job. An entry goes with its end.
-- later      ids of jobs that are tried again, by the time from which on.
-- dead       stream of what was given up.
-- status:ID  all that is known of a job; `owner`: the run that alone may write, `entry`: in `jobs`.
-- job:ID     stream of the pieces of its answer.
-- asks:ID    who waits for it.

local jobs, later, dead = KEYS[1], KEYS[2], KEYS[3]
local prefix = ARGV[2]
local GROUP = 'workers'

local function arg(place) return ARGV[place + 2] end
local function number(place) return tonumber(arg(place)) end
local function status_of(id) return prefix .. 'status:' .. id end
local function pieces_of(id) return prefix .. 'job:' .. id end
local function asks_of(id) return prefix .. 'asks:' .. id end

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function is_over(state) return state == 'done' or state == 'failed' end

local function forget_entry(entry)
  if entry and entry ~= '' then
    redis.call('XACK', jobs, GROUP, entry)
    redis.call('XDEL', jobs, entry)
  end
end

-- Nobody begins it any more, and nobody who has begun it may write.
local function take_out(id)
  forget_entry(redis.call('HGET', status_of(id), 'entry'))
  redis.call('ZREM', later, id)
  redis.call('HDEL', status_of(id), 'entry', 'owner')
end

local function put_in(id)
  local entry = redis.call('XADD', jobs, '*', 'id', id)
  redis.call('HSET', status_of(id), 'entry', entry)
end

local function conclude(id, state, reason)
  local status = status_of(id)
  take_out(id)
  redis.call('HSET', status, 'state', state, 'ended', now_ms())
  if reason ~= '' then redis.call('HSET', status, 'reason', reason) end
  -- What was asked is not kept.
  redis.call('HDEL', status, 'ask')
  redis.call('EXPIRE', status, redis.call('HGET', status, 'kept_s'))
  redis.call('EXPIRE', pieces_of(id), redis.call('HGET', status, 'pieces_s'))
  redis.call('DEL', asks_of(id))
end

local function bury(id, reason, dead_max, dead_s)
  local deliveries = redis.call('HGET', status_of(id), 'deliveries')
  redis.call('XADD', dead, 'MAXLEN', dead_max, '*',
    'id', id, 'reason', reason, 'deliveries', deliveries)
  redis.call('EXPIRE', dead, dead_s)
end

local function is_owner(id, token) return redis.call('HGET', status_of(id), 'owner') == token end

local act = {}

-- id, who asks, ask, life in ms, jobs at most, seconds that states are kept, and pieces
function act.submit()
  local id, asker = arg(1), arg(2)
  local status = status_of(id)
  local kept_s = number(6)
  local state = redis.call('HGET', status, 'state')
  if not state then
    if redis.call('XLEN', jobs) + redis.call('ZCARD', later) >= number(5) then return 'busy' end
    local now = now_ms()
    redis.call('HSET', status, 'state', 'queued', 'queued', now, 'deadline', now + number(4),
      'deliveries', 0, 'ask', arg(3), 'kept_s', kept_s, 'pieces_s', arg(7))
    redis.call('EXPIRE', status, kept_s)
    put_in(id)
    redis.call('EXPIRE', jobs, kept_s)
  end
  if not is_over(state) then
    redis.call('SADD', asks_of(id), asker)
    redis.call('EXPIRE', asks_of(id), kept_s)
  end
  return 'taken'
end

-- id; gives state, reason, and how many batches of pieces there are
function act.look()
  local found = redis.call('HMGET', status_of(arg(1)), 'state', 'reason')
  if not found[1] then return false end
  return { found[1], found[2] or '', tostring(redis.call('XLEN', pieces_of(arg(1)))) }
end

-- id: ends what nobody has begun yet
function act.withdraw()
  local found = redis.call('HMGET', status_of(arg(1)), 'state', 'deliveries')
  if found[1] ~= 'queued' or found[2] ~= '0' then return 0 end
  if redis.call('EXISTS', pieces_of(arg(1))) == 1 then return 0 end
  conclude(arg(1), 'failed', 'busy')
  return 1
end

-- id, who asked: the last who goes ends the job
function act.leave()
  local id = arg(1)
  redis.call('SREM', asks_of(id), arg(2))
  local state = redis.call('HGET', status_of(id), 'state')
  if state and not is_over(state) and redis.call('SCARD', asks_of(id)) == 0 then
    conclude(id, 'failed', 'cancelled')
  end
end

-- id, entry, token of the run, deliveries at most, dead letters at most, seconds that they are kept
function act.begin()
  local id, entry, token = arg(1), arg(2), arg(3)
  local status = status_of(id)
  local found = redis.call('HMGET', status, 'state', 'entry', 'deadline', 'ask')
  if not found[1] or is_over(found[1]) or found[2] ~= entry then
    forget_entry(entry)
    return false
  end
  local left = tonumber(found[3]) - now_ms()
  if left <= 0 then
    conclude(id, 'failed', 'timed_out')
    return false
  end
  if redis.call('HINCRBY', status, 'deliveries', 1) > number(4) then
    redis.call('HINCRBY', status, 'deliveries', -1)
    bury(id, 'gave_up', arg(5), arg(6))
    conclude(id, 'failed', 'gave_up')
    return false
  end
  local is_begun = redis.call('EXISTS', pieces_of(id)) == 1
  redis.call('HSET', status, 'owner', token, 'state', is_begun and 'streaming' or 'running')
  redis.call('HSETNX', status, 'started', now_ms())
  return { found[4], redis.call('HGET', status, 'deliveries'), tostring(left) }
end

-- id, token, batches that are there, batch; gives how many there are, or -1: it is another's
function act.say()
  local id = arg(1)
  if not is_owner(id, arg(2)) then return -1 end
  local count = redis.call('XLEN', pieces_of(id))
  if count ~= number(3) then return count end
  local status, pieces = status_of(id), pieces_of(id)
  redis.call('XADD', pieces, '*', 'pieces', arg(4))
  redis.call('EXPIRE', pieces, redis.call('HGET', status, 'kept_s'))
  redis.call('HSET', status, 'state', 'streaming')
  redis.call('HSETNX', status, 'spoke', now_ms())
  return count + 1
end

-- id, token, batches that are there, last batch, state, reason, model, dead letters at most (0: it is
-- none), seconds that they are kept
function act.finish()
  local id = arg(1)
  if not is_owner(id, arg(2)) then return -1 end
  local status, pieces = status_of(id), pieces_of(id)
  local count = redis.call('XLEN', pieces)
  if count ~= number(3) then return count end
  redis.call('XADD', pieces, '*', 'pieces', arg(4))
  if arg(5) == 'done' then redis.call('HSETNX', status, 'spoke', now_ms()) end
  if arg(7) ~= '' then redis.call('HSET', status, 'model', arg(7)) end
  if arg(8) ~= '0' then bury(id, arg(6), arg(8), arg(9)) end
  conclude(id, arg(5), arg(6))
  return count + 1
end

-- id, token, wait in ms
function act.delay()
  local id = arg(1)
  if not is_owner(id, arg(2)) then return end
  local status = status_of(id)
  take_out(id)
  redis.call('ZADD', later, now_ms() + number(3), id)
  redis.call('EXPIRE', later, redis.call('HGET', status, 'kept_s'))
  redis.call('HSET', status, 'state', 'queued')
end

-- id, token: somebody else goes on
function act.give_back()
  local id = arg(1)
  if not is_owner(id, arg(2)) then return end
  take_out(id)
  put_in(id)
  redis.call('HINCRBY', status_of(id), 'deliveries', -1)
  redis.call('HSET', status_of(id), 'state', 'queued')
end

-- jobs at most: those that are due are to be begun
function act.move()
  local due = redis.call('ZRANGEBYSCORE', later, '-inf', now_ms(), 'LIMIT', 0, number(1))
  for _, id in ipairs(due) do
    redis.call('ZREM', later, id)
    if redis.call('HGET', status_of(id), 'state') == 'queued' then put_in(id) end
  end
  return #due
end

-- consumer, seconds that the queue is kept, then id and token of each job that runs: they do. Gives
-- those that are another's by now.
function act.beat()
  redis.call('EXPIRE', jobs, arg(2))
  local lost = {}
  for place = 3, #ARGV - 2, 2 do
    local id = arg(place)
    if is_owner(id, arg(place + 1)) then
      local entry = redis.call('HGET', status_of(id), 'entry')
      redis.call('XCLAIM', jobs, GROUP, arg(1), 0, entry, 'JUSTID')
    else
      lost[#lost + 1] = id
    end
  end
  return lost
end

-- consumer, silence in ms, jobs at most; gives entries and ids of those whose worker was silent
function act.claim()
  local claimed = redis.call('XAUTOCLAIM', jobs, GROUP, arg(1), arg(2), '0-0', 'COUNT', arg(3))
  local found = {}
  for _, entry in ipairs(claimed[2]) do
    found[#found + 1] = entry[1]
    found[#found + 1] = entry[2][2]
  end
  return found
end

-- consumer that has ended, or '' for all who were silent for so many ms: without a job they go
function act.sweep()
  for _, told in ipairs(redis.call('XINFO', 'CONSUMERS', jobs, GROUP)) do
    local consumer = {}
    for place = 1, #told, 2 do consumer[told[place]] = told[place + 1] end
    local is_meant = consumer.name == arg(1) or (arg(1) == '' and consumer.idle > number(2))
    if is_meant and consumer.pending == 0 then
      redis.call('XGROUP', 'DELCONSUMER', jobs, GROUP, consumer.name)
    end
  end
end

return act[ARGV[1]]()
