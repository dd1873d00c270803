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
-- KEYS[9] hash    totals
-- KEYS[10] hash    minutes:<minute>, without its number
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] text    the queue's key prefix
-- ARGV[3] ms      retention
-- ARGV[4..] text  id, lease token, provider, provider's id, attempt record as JSON, what the run adds to the totals (field,
--   number, …); the last four may be empty
-- Returns one word for each id: done (also when this token did it before) | late | duplicate | stale
local t = redis.call('TIME')
local now = ARGV[1] ~= '0' and tonumber(ARGV[1]) or t[1] * 1000 + math.floor(t[2] / 1000)
local ms, out, sent_at, totals = string.format('%.0f', now), {}, 0, {}
local function add(told)
  for field, n in string.gmatch(told, '(%S+) (%d+)') do totals[field] = (totals[field] or 0) + n end
end
local SET = {active = KEYS[1], waiting = KEYS[3], delayed = KEYS[4], dead = KEYS[5]}
local function settle(from, id, job, token, provider, provider_id, record, idem, indexes, told)
  totals.completed = (totals.completed or 0) + 1
  if told ~= '' then add(told) end
  redis.call('ZREM', from, id)
  redis.call('ZADD', KEYS[2], ms, id)
  redis.call('HSET', job, 'state', 'completed', 'lease', '', 'settled', token, 'finished_at', ms, 'message', '', 'look', '')
  if provider ~= '' then redis.call('HSET', job, 'provider', provider, 'provider_id', provider_id) end
  if record ~= '' then redis.call('HSET', job, 'attempt:' .. redis.call('HINCRBY', job, 'runs', 1), record) end
  redis.call('PEXPIRE', job, ARGV[3])
  if idem then redis.call('PEXPIRE', ARGV[2] .. 'idem:' .. idem, ARGV[3] + 2592000000) end
  for name in string.gmatch(indexes or '', '%S+') do
    redis.call('ZADD', ARGV[2] .. name, string.format('%.0f', now + ARGV[3]), id)
    local last = redis.call('ZRANGE', ARGV[2] .. name, -1, -1, 'WITHSCORES')[2]
    redis.call('PEXPIRE', ARGV[2] .. name, string.format('%.0f', last - now))
  end
end
for i = 4, #ARGV, 6 do
  local id, token, provider, provider_id, record, told = unpack(ARGV, i, i + 5)
  local job = ARGV[2] .. 'job:' .. id
  local h = redis.call('HMGET', job, 'lease', 'settled', 'state', 'idem', 'began', 'indexes', 'began_at')
  local word = 'stale'
  if h[1] == token then
    settle(KEYS[1], id, job, token, provider, provider_id, record, h[4], h[6], told)
    if provider ~= '' and h[5] == token then sent_at = math.max(sent_at, tonumber(h[7] or 0)) end
    word = 'done'
  elseif h[2] == token and (h[3] == 'completed' or provider == '') then
    word = 'done'
  elseif h[3] and provider ~= '' then
    if SET[h[3]] and (h[3] ~= 'active' or (h[5] or '') == '') then
      redis.call('HDEL', job, 'reason')
      settle(SET[h[3]], id, job, token, provider, provider_id, record, h[4], h[6], told)
      word = 'late'
    elseif provider_id ~= '' and redis.call('HGET', job, 'provider_id') == provider_id then
      word = 'done'  -- found by a look-up, and told by its own worker: one and the same
    else
      local is_new = redis.call('HSET', job, 'duplicate:' .. token, provider .. ' ' .. provider_id) == 1
      if is_new then add('duplicate 1 ' .. told) end
      if h[3] == 'active' then redis.call('HSET', job, 'evidence', provider .. ' ' .. provider_id) end
      word = 'duplicate'
    end
  end
  out[#out + 1] = word
end
local newer = sent_at > tonumber(sent_at > 0 and redis.call('HGET', KEYS[6], 'sent_at') or 0)
if newer then redis.call('HSET', KEYS[6], 'sent_at', string.format('%.0f', sent_at)) end
if now >= tonumber(redis.call('HGET', KEYS[7], 'blocked_until') or math.huge) then
  redis.call('HDEL', KEYS[7], 'blocked_until', 'blocked_ms', 'blocked_reason')
  redis.call('ZADD', KEYS[8], 0, 'w')
end
for field, n in pairs(totals) do redis.call('HINCRBY', KEYS[9], field, n) end
local n, minute = totals.completed, KEYS[10] .. ':' .. math.floor(now / 60000)
if n and redis.call('HINCRBY', minute, 'completed', n) == n then redis.call('PEXPIRE', minute, 21600000) end
return out
