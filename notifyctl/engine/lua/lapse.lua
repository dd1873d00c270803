-- lapse: this worker process is dead for certain: its leases end now, and `reclaim` takes them.   active -> active
-- They end at 0, which no grace covers: that is for workers that could not say that they live.
-- KEYS[1] zset    active
-- KEYS[2] zset    wake
-- ARGV[1] text    the queue's key prefix
-- ARGV[2] text    worker id
-- Returns how many leases it had
local ended, start = 0, ARGV[2] .. ':'
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, 999)) do
  local lease = redis.call('HGET', ARGV[1] .. 'job:' .. id, 'lease') or ''
  if string.sub(lease, 1, #start) == start then
    redis.call('ZADD', KEYS[1], 0, id)
    ended = ended + 1
  end
end
if ended > 0 then redis.call('ZADD', KEYS[2], 0, 'w') end
return ended
