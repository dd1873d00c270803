-- finish: a bulk replay is over.                                           running -> done | cancelled
-- KEYS[1] hash    replay:<id>: the record
-- KEYS[2] zset    replays:running
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] text    replay id
-- ARGV[3] text    done | cancelled
-- ARGV[4] text    who cancelled it, empty = nobody
-- ARGV[5] text    why
-- Returns its state now, which is another where it was over before | "missing"
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
redis.call('ZREM', KEYS[2], ARGV[2])
local state = redis.call('HGET', KEYS[1], 'state')
if state == 'cancelled' and ARGV[4] ~= '' then  -- a worker that saw the lists stopped was quicker than who stopped them
  if redis.call('HGET', KEYS[1], 'ended_by') == '' then
    redis.call('HSET', KEYS[1], 'ended_by', ARGV[4], 'ended_why', ARGV[5])
  end
end
if state ~= 'running' then return state or 'missing' end
redis.call('HSET', KEYS[1], 'state', ARGV[3], 'finished_at', string.format('%.0f', now), 'ended_by', ARGV[4],
  'ended_why', ARGV[5])
return ARGV[3]
