-- complete: these jobs are done; their jobs are kept for their retention.  active -> completed
-- A late answer with evidence of acceptance settles a job that is not being sent again yet, be it waiting, delayed,
-- taken again and not begun, or given up:                                 waiting | delayed | active | dead -> completed
-- KEYS[1] zset    active
-- KEYS[2] zset    completed
-- KEYS[3] zset    waiting
-- KEYS[4] zset    delayed
-- KEYS[5] zset    dead
-- KEYS[6] hash    meta: sent_at, when the send began that a provider accepted last
-- KEYS[7] hash    config: a block that is over is lifted
-- KEYS[8] zset    wake
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] text    the queue's key prefix
-- ARGV[3] ms      retention
-- ARGV[4..] text  id, lease token, provider, provider's id, attempt record as JSON; the last three may be empty
-- Returns one word for each id: done (also when this token did it before) | late | duplicate | stale
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
local ms, out, sent_at = string.format('%.0f', now), {}, 0
local SET = {active = KEYS[1], waiting = KEYS[3], delayed = KEYS[4], dead = KEYS[5]}

local function settle(id, job, token, provider, provider_id, record, idem, indexes)
  redis.call('ZADD', KEYS[2], ms, id)
  redis.call('HSET', job, 'state', 'completed', 'lease', '', 'settled', token, 'finished_at', ms, 'message', '', 'look', '')
  if provider ~= '' then
    redis.call('HSET', job, 'provider', provider, 'provider_id', provider_id)
  end
  if record ~= '' then redis.call('HSET', job, 'attempt:' .. redis.call('HINCRBY', job, 'runs', 1), record) end
  redis.call('PEXPIRE', job, ARGV[3])
  if idem then redis.call('PEXPIRE', ARGV[2] .. 'idem:' .. idem, ARGV[3] + 2592000000) end
  for name in string.gmatch(indexes or '', '%S+') do
    redis.call('ZADD', ARGV[2] .. name, string.format('%.0f', now + ARGV[3]), id)
    local last = redis.call('ZRANGE', ARGV[2] .. name, -1, -1, 'WITHSCORES')[2]
    redis.call('PEXPIRE', ARGV[2] .. name, string.format('%.0f', last - now))
  end
end

for i = 4, #ARGV, 5 do
  local id, token, provider, provider_id, record = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]
  local job = ARGV[2] .. 'job:' .. id
  local h = redis.call('HMGET', job, 'lease', 'settled', 'state', 'idem', 'began', 'indexes', 'began_at')
  local word = 'stale'
  if h[1] == token then
    redis.call('ZREM', KEYS[1], id)
    settle(id, job, token, provider, provider_id, record, h[4], h[6])
    if provider ~= '' and h[5] == token then sent_at = math.max(sent_at, tonumber(h[7] or 0)) end
    word = 'done'
  elseif h[2] == token and (h[3] == 'completed' or provider == '') then
    word = 'done'
  elseif h[3] and provider ~= '' then
    if SET[h[3]] and (h[3] ~= 'active' or (h[5] or '') == '') then
      redis.call('ZREM', SET[h[3]], id)
      redis.call('HDEL', job, 'reason')
      settle(id, job, token, provider, provider_id, record, h[4], h[6])
      word = 'late'
    elseif provider_id ~= '' and redis.call('HGET', job, 'provider_id') == provider_id then
      word = 'done'  -- found by a look-up, and told by its own worker: one and the same
    else
      redis.call('HSET', job, 'duplicate:' .. token, provider .. ' ' .. provider_id)
      if h[3] == 'active' then redis.call('HSET', job, 'evidence', provider .. ' ' .. provider_id) end
      word = 'duplicate'
    end
  end
  out[#out + 1] = word
end
if sent_at > tonumber(redis.call('HGET', KEYS[6], 'sent_at') or 0) then
  redis.call('HSET', KEYS[6], 'sent_at', string.format('%.0f', sent_at))
end
if now >= tonumber(redis.call('HGET', KEYS[7], 'blocked_until') or math.huge) then
  redis.call('HDEL', KEYS[7], 'blocked_until', 'blocked_ms', 'blocked_reason')
  redis.call('ZADD', KEYS[8], 0, 'w')
end
return out
