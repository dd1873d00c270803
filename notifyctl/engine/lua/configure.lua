-- configure: an operator's live settings of a queue; they win over the code's defaults until they are cleared.
-- KEYS[1] hash    config
-- KEYS[2] zset    wake
-- ARGV[1..] text  field, value; an empty value clears the field
-- Returns all fields and values that are set now
for i = 1, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', KEYS[1], ARGV[i])
  else
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
  end
end
redis.call('ZADD', KEYS[2], 0, 'w')
return redis.call('HGETALL', KEYS[1])
