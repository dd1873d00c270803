-- discard: a person gives a dead job up.                                   dead -> (nothing)
-- KEYS[1] zset    dead
-- KEYS[2] hash    job:<id>
-- ARGV[1] text    job id
-- ARGV[2] text    the queue's key prefix
-- ARGV[3] ms      how long its idempotency key is still known
-- Returns "done" | the state it is in instead | "missing"
local h = redis.call('HMGET', KEYS[2], 'state', 'idem')
if not h[1] then return 'missing' end
if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then return h[1] end
redis.call('DEL', KEYS[2])
if h[2] then redis.call('PEXPIRE', ARGV[2] .. 'idem:' .. h[2], ARGV[3]) end
return 'done'
