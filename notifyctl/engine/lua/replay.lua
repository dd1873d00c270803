-- replay: a person sends a dead job on its way again, at the end of its lane; its history stays.   dead -> waiting
-- KEYS[1] zset    dead
-- KEYS[2] zset    waiting
-- KEYS[3] hash    meta
-- KEYS[4] hash    job:<id>
-- KEYS[5] zset    wake
-- KEYS[6] hash    totals
-- KEYS[7] hash    minutes:<minute>, without its number
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] text    job id
-- ARGV[3] number  lane, -1 = the one it had
-- ARGV[4] text    this call's own name
-- ARGV[5] text    who did it, and why, as JSON: an act of its history
-- Returns "done" (also when this very call did it before) | the state it is in instead | "missing"
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
local function tick(event, n)
  redis.call('HINCRBY', KEYS[6], event, n)
  local minute = KEYS[7] .. ':' .. math.floor(now / 60000)
  if redis.call('HINCRBY', minute, event, n) == n then redis.call('PEXPIRE', minute, 21600000) end
end
local h = redis.call('HMGET', KEYS[4], 'state', 'lane', 'call', 'doubts', 'own_lane')
if not h[1] then return 'missing' end
if redis.call('ZREM', KEYS[1], ARGV[2]) == 0 then return h[3] == ARGV[4] and 'done' or h[1] end
local lane = ARGV[3] == '-1' and (h[5] or h[2]) or ARGV[3]
redis.call('HSETNX', KEYS[4], 'own_lane', h[2])
local seq = redis.call('HINCRBY', KEYS[3], 'seq', 1)
redis.call('ZADD', KEYS[2], string.format('%.0f', tonumber(lane) * 1e15 + seq), ARGV[2])
redis.call('HSET', KEYS[4], 'state', 'waiting', 'lane', lane, 'seq', seq, 'attempt', 0, 'doubts', 0, 'lost', 0,
  'expires_at', 0, 'replayed_at', string.format('%.0f', now), 'call', ARGV[4])
redis.call('HDEL', KEYS[4], 'reason', 'finished_at', 'refused_at', 'release_reason')
redis.call('HINCRBY', KEYS[4], 'replays', 1)
redis.call('HSET', KEYS[4], 'act:' .. redis.call('HINCRBY', KEYS[4], 'acts', 1), string.format('%.0f ', now) .. ARGV[5])
if tonumber(h[4] or 0) > 0 then redis.call('HSET', KEYS[4], 'possible_duplicate', 1) end
redis.call('ZADD', KEYS[5], 0, 'w')
tick('replayed', 1)
return 'done'
