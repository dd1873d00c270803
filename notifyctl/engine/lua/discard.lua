-- discard: a person gives a dead job up.                                   dead -> (nothing)
-- KEYS[1] zset    dead
-- KEYS[2] hash    job:<id>
-- KEYS[3] string  gone:<id>: who repeats itself, or enqueues this id once more, is answered from it
-- ARGV[1] text    job id
-- ARGV[2] text    the queue's key prefix
-- ARGV[3] ms      how long its idempotency key is still known
-- ARGV[4] ms      how long its id is
-- ARGV[5] text    this call's own name
-- Returns "done" (also when this very call did it before) | the state it is in instead | "missing"
local h = redis.call('HMGET', KEYS[2], 'state', 'idem')
if not h[1] then return redis.call('GET', KEYS[3]) == ARGV[5] and 'done' or 'missing' end
if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then return h[1] end
redis.call('DEL', KEYS[2])
redis.call('SET', KEYS[3], ARGV[5], 'PX', ARGV[4])
if h[2] then redis.call('PEXPIRE', ARGV[2] .. 'idem:' .. h[2], ARGV[3]) end
return 'done'
