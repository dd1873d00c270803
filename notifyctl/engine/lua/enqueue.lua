-- enqueue: a new job begins its life.                                     (nothing) -> waiting | delayed
-- KEYS[1] zset    waiting
-- KEYS[2] zset    delayed
-- KEYS[3] hash    meta
-- KEYS[4] zset    wake
-- KEYS[5] hash    job:<id>
-- KEYS[6] string  idem:<keyed hash>; the job's own key again where the caller gave no idempotency key
-- KEYS[7] string  gone:<id>
-- KEYS[8] hash    totals
-- KEYS[9] hash    minutes:<minute>, without its number
-- KEYS[10..] string idem:<keyed hash>: where one of these is known, the job is not wanted any more
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] text    job id
-- ARGV[3] bytes   encoded Dramatiq message
-- ARGV[4] bytes   payload, may be empty
-- ARGV[5] number  lane: 0 high, 1 normal, 2 low
-- ARGV[6] ms      due at, 0 = now
-- ARGV[7] ms      delay, added to now where "due at" is 0
-- ARGV[8] ms      expires at, 0 = never
-- ARGV[9] text    keyed digest of the payload, empty = no idempotency key
-- ARGV[10] text   the queue's key prefix
-- ARGV[11] text   the indexes that it is found by, "order:<id> to:<hash>"; may be empty
-- ARGV[12..] text field, value: what lists show of the job
-- Returns {"queued", id} | {"exists", id}: this very id was enqueued before | {"known", first id}: same key and payload
--       | {"conflict", first id}: same key, other payload | {"overtaken", id}: not wanted; nothing was done
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
local id = ARGV[2]
if redis.call('EXISTS', KEYS[5], KEYS[7]) > 0 then return {'exists', id} end
if ARGV[9] ~= '' then
  local first = redis.call('GET', KEYS[6])
  if first then
    local first_id, digest = string.match(first, '^(%S+) (%S+)$')
    return {digest == ARGV[9] and 'known' or 'conflict', first_id}
  end
end
if KEYS[10] and redis.call('EXISTS', unpack(KEYS, 10)) > 0 then return {'overtaken', id} end
if ARGV[9] ~= '' then redis.call('SET', KEYS[6], id .. ' ' .. ARGV[9]) end
local due = tonumber(ARGV[6])
if due == 0 then due = now + tonumber(ARGV[7]) end
local seq = redis.call('HINCRBY', KEYS[3], 'seq', 1)
local state = due > now and 'delayed' or 'waiting'
if state == 'delayed' then
  redis.call('ZADD', KEYS[2], string.format('%.0f', due), id)
  redis.call('HSET', KEYS[5], 'due_at', string.format('%.0f', due))
else
  redis.call('ZADD', KEYS[1], string.format('%.0f', tonumber(ARGV[5]) * 1e15 + seq), id)
end
redis.call('HSET', KEYS[5], 'state', state, 'lane', ARGV[5], 'seq', seq, 'message', ARGV[3], 'payload', ARGV[4],
  'expires_at', ARGV[8], 'created_at', string.format('%.0f', now), 'attempt', 0, unpack(ARGV, 12))
-- an index holds each id until it may be forgotten, and lives as long as the last of them: LIVE is the end of time
local LIVE = 9e15
for name in string.gmatch(ARGV[11], '%S+') do
  local index = ARGV[10] .. name
  local forgotten = redis.call('ZRANGEBYSCORE', index, '-inf', string.format('%.0f', now), 'LIMIT', 0, 100)
  if forgotten[1] then redis.call('ZREM', index, unpack(forgotten)) end
  redis.call('ZADD', index, string.format('%.0f', LIVE), id)
  redis.call('PEXPIRE', index, string.format('%.0f', LIVE - now))
end
redis.call('ZADD', KEYS[4], 0, 'w')
redis.call('HINCRBY', KEYS[8], 'enqueued', 1)
local minute = KEYS[9] .. ':' .. math.floor(now / 60000)
if redis.call('HINCRBY', minute, 'enqueued', 1) == 1 then redis.call('PEXPIRE', minute, 21600000) end
return {'queued', id}
