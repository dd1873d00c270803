-- shelve: what was promised to a caller and may not wait in line is kept for people to see.   (nothing) -> dead | cancelled
-- KEYS[1] zset    dead or cancelled
-- KEYS[2] zset    failed
-- KEYS[3] hash    meta
-- KEYS[4] hash    job:<id>
-- KEYS[5] string  idem:<keyed hash>; the job's own key again where the caller gave no idempotency key
-- KEYS[6] string  gone:<id>
-- KEYS[7] hash    totals
-- KEYS[8] hash    minutes:<minute>, without its number
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] text    job id
-- ARGV[3] bytes   encoded Dramatiq message
-- ARGV[4] bytes   payload, may be empty
-- ARGV[5] number  lane
-- ARGV[6] text    dead | cancelled
-- ARGV[7] text    reason, one word
-- ARGV[8] text    the same in words; may be empty
-- ARGV[9] ms      retention of what is cancelled
-- ARGV[10] text   keyed digest of the payload, empty = no idempotency key
-- ARGV[11] text   the queue's key prefix
-- ARGV[12] text   the indexes that it is found by; may be empty
-- ARGV[13..] text field, value: what lists show of the job
-- Returns "done" | "exists": this very id was enqueued or shelved before, nothing was done
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
local function tick(event, n, reason)
  redis.call('HINCRBY', KEYS[7], reason and event .. ':' .. reason or event, n)
  local minute = KEYS[8] .. ':' .. math.floor(now / 60000)
  if redis.call('HINCRBY', minute, event, n) == n then redis.call('PEXPIRE', minute, 21600000) end
end
local id, ms, lives = ARGV[2], string.format('%.0f', now), 9e15
if redis.call('EXISTS', KEYS[4], KEYS[6]) > 0 then return 'exists' end
redis.call('ZADD', KEYS[1], ms, id)
redis.call('HSET', KEYS[4], 'state', ARGV[6], 'lane', ARGV[5], 'seq', redis.call('HINCRBY', KEYS[3], 'seq', 1),
  'message', ARGV[3], 'payload', ARGV[4], 'expires_at', 0, 'created_at', ms, 'finished_at', ms, 'attempt', 0,
  'reason', ARGV[7], 'release_reason', ARGV[8], unpack(ARGV, 13))
if ARGV[6] == 'dead' then
  redis.call('ZADD', KEYS[2], ms, id)
else
  lives = now + tonumber(ARGV[9])
  redis.call('PEXPIRE', KEYS[4], ARGV[9])
end
tick('enqueued', 1)
tick(ARGV[6] == 'dead' and 'buried' or 'cancelled', 1, ARGV[7])
-- whoever tells the same once more is told of this job, as of one that was cancelled in line
if ARGV[10] ~= '' and redis.call('SET', KEYS[5], id .. ' ' .. ARGV[10], 'NX') then
  redis.call('HSET', KEYS[4], 'idem', string.sub(KEYS[5], #ARGV[11] + 6))
  if ARGV[6] ~= 'dead' then redis.call('PEXPIRE', KEYS[5], ARGV[9] + 2592000000) end
end
for name in string.gmatch(ARGV[12], '%S+') do
  local index = ARGV[11] .. name
  redis.call('ZADD', index, string.format('%.0f', lives), id)
  local last = redis.call('ZRANGE', index, -1, -1, 'WITHSCORES')[2]
  redis.call('PEXPIRE', index, string.format('%.0f', last - now))
end
return 'done'
