-- beat: a worker lives and still holds these jobs.                         active -> active, lease extended
-- Ids it no longer names are not extended: their leases run out, and `take` reclaims them.
-- KEYS[1] zset    active
-- KEYS[2] hash    meta
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] text    the queue's key prefix
-- ARGV[3] ms      lease
-- ARGV[4] ms      gap after which leases are given time before any is reclaimed
-- ARGV[5..] text  id, lease token
-- Returns the ids whose lease is no longer this token's
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
local lost, lease = {}, string.format('%.0f', now + tonumber(ARGV[3]))
local ran_at = redis.call('HGET', KEYS[2], 'ran_at')
redis.call('HSET', KEYS[2], 'ran_at', string.format('%.0f', now))
if ran_at and now - tonumber(ran_at) > tonumber(ARGV[4]) then redis.call('HSET', KEYS[2], 'grace_until', lease) end
for i = 5, #ARGV, 2 do
  if redis.call('HGET', ARGV[2] .. 'job:' .. ARGV[i], 'lease') == ARGV[i + 1] then
    redis.call('ZADD', KEYS[1], 'XX', lease, ARGV[i])
  else
    lost[#lost + 1] = ARGV[i]
  end
end
return lost
