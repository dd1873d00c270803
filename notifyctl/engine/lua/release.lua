-- release: these jobs were not sent and go back to their place in line; no attempt is used.   active -> waiting
-- What a provider refuses for the account's sake goes to the end of its lane: should it be refused on its own account, the
-- others do not wait behind it. Is it refused once more after others were accepted, it is told so and nothing is done.
-- KEYS[1] zset    active
-- KEYS[2] zset    waiting
-- KEYS[3] hash    config
-- KEYS[4] zset    wake
-- KEYS[5] hash    meta
-- KEYS[6] hash    totals
-- KEYS[7] hash    minutes:<minute>, without its number
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] text    the queue's key prefix
-- ARGV[3] ms      for how long the whole queue is blocked, 0 = not
-- ARGV[4] text    why it is blocked
-- ARGV[5] flag    1 = refused for the account's sake
-- ARGV[6] text    what the run adds to the totals, of one job: field, number, …
-- ARGV[7..] text  id, lease token
-- Returns one word for each id: done (also when this token did it before) | stale | alone: it alone is refused
--   | accepted <provider> <its id>: an earlier send of it was
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
local ms, out, released = string.format('%.0f', now), {}, 0
local sent_at = tonumber(redis.call('HGET', KEYS[5], 'sent_at') or 0)
for i = 7, #ARGV, 2 do
  local id, token, job = ARGV[i], ARGV[i + 1], ARGV[2] .. 'job:' .. ARGV[i]
  local h = redis.call('HMGET', job, 'lease', 'settled', 'lane', 'seq', 'refused_at', 'look', 'evidence')
  if h[1] == token and (h[7] or '') ~= '' then
    out[#out + 1] = 'accepted ' .. h[7]
  elseif h[1] == token and ARGV[5] == '1' and h[5] and sent_at > tonumber(h[5]) then
    out[#out + 1] = 'alone'
  elseif h[1] == token then
    local seq, lane = h[4], (h[6] or '') ~= '' and -1 or tonumber(h[3])
    if ARGV[5] == '1' then
      seq = redis.call('HINCRBY', KEYS[5], 'seq', 1)
      redis.call('HSET', job, 'refused_at', ms, 'seq', seq)
    end
    redis.call('ZREM', KEYS[1], id)
    redis.call('ZADD', KEYS[2], string.format('%.0f', lane * 1e15 + tonumber(seq)), id)
    redis.call('HSET', job, 'state', 'waiting', 'lease', '', 'settled', token, 'began', '')
    redis.call('HINCRBY', job, 'released', 1)
    if ARGV[4] ~= '' then redis.call('HSET', job, 'release_reason', ARGV[4]) end
    out[#out + 1] = 'done'
    released = released + 1
  else
    out[#out + 1] = h[2] == token and 'done' or 'stale'
  end
end
if released > 0 and ARGV[3] ~= '0' then  -- a stale or repeated call blocks nothing
  local until_ms = now + tonumber(ARGV[3])
  if until_ms > tonumber(redis.call('HGET', KEYS[3], 'blocked_until') or 0) then
    redis.call('HSET', KEYS[3], 'blocked_until', string.format('%.0f', until_ms), 'blocked_ms', ARGV[3],
      'blocked_reason', ARGV[4])
  end
end
if released > 0 then
  redis.call('ZADD', KEYS[4], 0, 'w')
  redis.call('HINCRBY', KEYS[6], 'released', released)
  local minute = KEYS[7] .. ':' .. math.floor(now / 60000)
  if redis.call('HINCRBY', minute, 'released', released) == released then redis.call('PEXPIRE', minute, 21600000) end
  for field, n in string.gmatch(ARGV[6], '(%S+) (%d+)') do redis.call('HINCRBY', KEYS[6], field, n) end
end
return out
