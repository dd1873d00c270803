-- halt: nothing more of a bulk replay goes in this queue; what is left of it stays where it is.
-- KEYS[1] hash    replay:<id>: stopped, left
-- KEYS[2] zset    replay:<id>:todo
-- Returns how many were left
local left = redis.call('ZCARD', KEYS[2])
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'stopped', 1)
redis.call('UNLINK', KEYS[2])
return redis.call('HINCRBY', KEYS[1], 'left', left)
