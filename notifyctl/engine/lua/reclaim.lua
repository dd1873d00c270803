-- reclaim: a worker gave no sign of life for as long as its lease: others have its jobs now.
-- What it had not begun to send goes on from its place in line:           active -> waiting
-- where it has lost its second worker, some seconds apart from others, as one of them may have been the cause:
--                                                                          active -> delayed
-- a send that had begun is in doubt, and is looked up later:              active -> delayed
-- a job that lost its third worker is not handed out for ever:            active -> dead
-- KEYS[1] zset    waiting
-- KEYS[2] zset    delayed
-- KEYS[3] zset    active
-- KEYS[4] zset    dead
-- KEYS[5] zset    failed
-- KEYS[6] hash    meta
-- KEYS[7] zset    wake
-- KEYS[8] hash    totals
-- KEYS[9] hash    minutes:<minute>, without its number
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] text    the queue's key prefix
-- ARGV[3] ms      until what is in doubt is looked up for the first time
-- ARGV[4] ms      lease: none lasts longer, should the clock have been set back
-- Returns how many leases had run out; 100: there may be more
local BATCH, LANE, LOSSES, APART_MS, PLACES = 100, 1e15, 3, 2000, 8
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
local function tick(event, n, reason)
  redis.call('HINCRBY', KEYS[8], reason and event .. ':' .. reason or event, n)
  local minute = KEYS[9] .. ':' .. math.floor(now / 60000)
  if redis.call('HINCRBY', minute, event, n) == n then redis.call('PEXPIRE', minute, 21600000) end
end
local ms = string.format('%.0f', now)
local in_grace = now < tonumber(redis.call('HGET', KEYS[6], 'grace_until') or 0)
local longest = string.format('%.0f', now + tonumber(ARGV[4]))
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. longest, '+inf', 'LIMIT', 0, BATCH)) do
  redis.call('ZADD', KEYS[3], longest, id)
end
local ids = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', in_grace and '0' or ms, 'LIMIT', 0, BATCH)  -- 0: as by `lapse`
for i, id in ipairs(ids) do
  local job = ARGV[2] .. 'job:' .. id
  redis.call('ZREM', KEYS[3], id)
  local h = redis.call('HMGET', job, 'lane', 'seq', 'began', 'look', 'attempt', 'taken_at', 'provider')
  if h[1] then
    local begun, looked_up = (h[3] or '') ~= '', (h[4] or '') ~= ''
    local lost = redis.call('HINCRBY', job, 'lost', 1)
    redis.call('HSET', job, 'lease', '', 'began', '', 'attempt:' .. redis.call('HINCRBY', job, 'runs', 1),
      string.format('{"attempt": %d, "started_at_ms": %s, "outcome": "%s", "provider": "%s", "error": "its worker was lost"}',
        h[5] + 1, h[6] or ms, begun and 'in_doubt' or 'lost_worker', begun and h[7] or ''))
    if begun then
      local due = string.format('%.0f', now + tonumber(ARGV[3]))
      redis.call('ZADD', KEYS[2], due, id)
      redis.call('HSET', job, 'state', 'delayed', 'due_at', due, 'look', 1)
      redis.call('HINCRBY', job, 'doubts', 1)
      tick('doubted', 1)
    elseif lost >= LOSSES then
      redis.call('ZADD', KEYS[4], ms, id)
      redis.call('ZADD', KEYS[5], ms, id)
      local reason = looked_up and 'unknown_outcome' or 'lost_worker'
      redis.call('HSET', job, 'state', 'dead', 'finished_at', ms, 'look', '', 'reason', reason)
      tick('buried', 1, reason)
    elseif lost == LOSSES - 1 and not looked_up then
      local due = string.format('%.0f', now + ((i - 1) % PLACES + 1) * APART_MS)
      redis.call('ZADD', KEYS[2], due, id)
      redis.call('HSET', job, 'state', 'delayed', 'due_at', due)
    else
      local lane = looked_up and -1 or tonumber(h[1])
      redis.call('ZADD', KEYS[1], string.format('%.0f', lane * LANE + tonumber(h[2])), id)
      redis.call('HSET', job, 'state', 'waiting')
    end
  end
end
if #ids > 0 then
  redis.call('ZADD', KEYS[7], 0, 'w')
  tick('lost', #ids)
end
return #ids
