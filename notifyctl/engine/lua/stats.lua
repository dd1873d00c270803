-- stats: one consistent look at a queue, counted from the sets that hold its jobs.
-- KEYS[1] zset    waiting
-- KEYS[2] zset    active
-- KEYS[3] zset    delayed
-- KEYS[4] zset    completed
-- KEYS[5] zset    cancelled
-- KEYS[6] zset    failed
-- KEYS[7] zset    dead
-- KEYS[8] hash    config
-- KEYS[9] zset    resent
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] text    the queue's key prefix
-- ARGV[3] ms      retention of completed jobs
-- ARGV[4] ms      retention of cancelled jobs
-- ARGV[5] ms      retention of the record of failures, and of resends in doubt
-- Returns {now, waiting, active, delayed, completed, cancelled, failed, dead, created at of the oldest waiting or 0,
--          next due or 0, {config field, value, ...}, resent}
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
local function since(key, retention)
  return redis.call('ZCOUNT', key, string.format('(%.0f', now - tonumber(retention)), '+inf')
end
local oldest = 0
for lane = 0, 2 do
  local first = redis.call('ZRANGEBYSCORE', KEYS[1], string.format('%.0f', lane * 1e15),
    string.format('(%.0f', (lane + 1) * 1e15), 'LIMIT', 0, 1)
  local created = first[1] and tonumber(redis.call('HGET', ARGV[2] .. 'job:' .. first[1], 'created_at') or 0) or 0
  if created > 0 and (oldest == 0 or created < oldest) then oldest = created end
end
local due = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')
return {now, redis.call('ZCARD', KEYS[1]), redis.call('ZCARD', KEYS[2]), redis.call('ZCARD', KEYS[3]),
  since(KEYS[4], ARGV[3]), since(KEYS[5], ARGV[4]), since(KEYS[6], ARGV[5]), redis.call('ZCARD', KEYS[7]),
  oldest, tonumber(due[2] or 0), redis.call('HGETALL', KEYS[8]), since(KEYS[9], ARGV[5])}
