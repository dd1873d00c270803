-- edit: a person changes what a dead job is about; what it was is kept beside it.                    dead -> dead
-- KEYS[1] hash    job:<id>
-- ARGV[1] ms      now, 0 = the server's clock
-- ARGV[2] text    the queue's key prefix
-- ARGV[3] text    job id
-- ARGV[4] text    this call's own name
-- ARGV[5] bytes   the payload that was edited: it must be what is stored
-- ARGV[6] bytes   the payload that it becomes
-- ARGV[7] text    the template's name
-- ARGV[8] text    the indexes that it is found by from now on
-- ARGV[9] text    who did it, and why, as JSON
-- Returns "done" (also when this very call did it before) | "changed": somebody else edited it meanwhile
--       | the state it is in instead | "missing"
local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
local LIVE = 9e15
local h = redis.call('HMGET', KEYS[1], 'state', 'call', 'payload', 'indexes')
if not h[1] then return 'missing' end
if h[2] == ARGV[4] then return 'done' end
if h[1] ~= 'dead' then return h[1] end
if h[3] ~= ARGV[5] then return 'changed' end
local kept = {}
for name in string.gmatch(ARGV[8], '%S+') do
  kept[name] = true
  redis.call('ZADD', ARGV[2] .. name, string.format('%.0f', LIVE), ARGV[3])
  redis.call('PEXPIRE', ARGV[2] .. name, string.format('%.0f', LIVE - now))
end
for name in string.gmatch(h[4] or '', '%S+') do
  if not kept[name] then
    redis.call('ZREM', ARGV[2] .. name, ARGV[3])
    local last = redis.call('ZRANGE', ARGV[2] .. name, -1, -1, 'WITHSCORES')[2]
    if last then redis.call('PEXPIRE', ARGV[2] .. name, string.format('%.0f', last - now)) end
  end
end
redis.call('HSET', KEYS[1], 'payload', ARGV[6], 'template', ARGV[7], 'indexes', ARGV[8], 'call', ARGV[4],
  'original:' .. redis.call('HINCRBY', KEYS[1], 'edits', 1), ARGV[5],
  'act:' .. redis.call('HINCRBY', KEYS[1], 'acts', 1), string.format('%.0f ', now) .. ARGV[9])
return 'done'
