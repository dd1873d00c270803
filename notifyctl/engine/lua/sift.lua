-- sift: which of these jobs fit a filter, and what each is counted under. Changes nothing.
-- KEYS[1] zset    a set of the queue: names the server that has its jobs
-- ARGV[1] text    the queue's key prefix
-- ARGV[2] text    the filter as JSON; what is missing fits all: states (a set), code and error (in small letters),
--                 provider, template, order_id, since_ms, until_ms, attempts; young_ms: what was enqueued before it must not go again
-- ARGV[3] text    by: code | reason | error | template | provider | hour | verdict; empty = by nothing
-- ARGV[4..] text  ids, some hundred
-- Returns {id, what it is counted under, when it ended or else was enqueued in ms, ...} of those that fit
-- Verdict, whether a dead job may go again: go | in_doubt: it may, and may arrive twice | accepted | superseded | too_old
-- A run's record is searched as the text that `attempt_record` writes, where quotes within a value are escaped. Only an
-- error may hold any letter, and is decoded.
local where, by, out, MARK = cjson.decode(ARGV[2]), ARGV[3], {}, '"provider": "'
local FIELD, needed = {code = 4, reason = 4, template = 2}, where.code or where.error or by == 'code' or by == 'error'
local function has_code(last, reason)
  local text, found = string.lower(last .. '"reason": "' .. (reason or '') .. '"')
  for _, field in ipairs({'reason', 'code', 'provider_code', 'outcome'}) do
    found = found or string.find(text, '"' .. field .. '": "' .. where.code .. '"', 1, true)
  end
  return found
end
local function errors(last)  -- the run's own error, and those of its tries that say something else
  local found, ok, run = {}, pcall(cjson.decode, last)
  local tries = ok and type(run) == 'table' and type(run.tries) == 'table' and run.tries or {}
  for _, one in ipairs(ok and type(run) == 'table' and {run, unpack(tries)} or {}) do
    found[#found + 1] = type(one.error) == 'string' and one.error ~= found[1] and one.error or nil
  end
  return table.concat(found, '; ')
end
local function providers(job, runs)  -- each that was asked, in order
  local names, seen, fields = {}, {[''] = true}, {'provider'}
  for run = 1, runs do fields[run + 1] = 'attempt:' .. run end
  local texts = redis.call('HMGET', job, unpack(fields))
  texts[1] = MARK .. (texts[1] or '')
  for _, text in ipairs(texts) do
    local first, last = string.find(text or '', MARK, 1, true)
    while first do
      local name = string.match(text, '^[^"]*', last + 1)
      if not seen[name] then names[#names + 1] = name end
      seen[name] = true
      first, last = string.find(text, MARK, last, true)
    end
  end
  table.sort(names)
  return table.concat(names, ', '), seen
end
local function verdict(h)
  return (h[8] or '') ~= '' and 'accepted' or (h[9] or '') ~= '' and 'superseded'
    or tonumber(h[6] or 0) < (where.young_ms or 0) and 'too_old'
    or (h[10] == '1' or h[4] == 'unknown_outcome') and 'in_doubt' or 'go'
end
for i = 4, #ARGV do
  local job = ARGV[1] .. 'job:' .. ARGV[i]
  local h = redis.call('HMGET', job, 'state', 'template', 'order', 'reason', 'finished_at', 'created_at', 'runs',
    'evidence', 'superseded', 'possible_duplicate')
  local moment, runs = tonumber(h[5] or h[6] or 0), tonumber(h[7] or 0)
  if h[1] and (not where.states or where.states[h[1]]) and (where.template or h[2]) == h[2]
    and (where.order_id or h[3]) == h[3] and runs >= (where.attempts or 0)
    and moment >= (where.since_ms or 0) and moment <= (where.until_ms or math.huge) then
    local last, names, asked = needed and redis.call('HGET', job, 'attempt:' .. runs) or '', '', {}
    if where.provider or by == 'provider' then names, asked = providers(job, runs) end
    if (not where.code or has_code(last, h[4])) and (not where.provider or asked[where.provider])
      and (not where.error or string.find(string.lower(errors(last)), where.error, 1, true)) then
      local _, at = string.find(by == 'code' and last or '', '"code": "', 1, true)
      local what = at and string.match(last, '^[^"]+', at + 1) or by == 'error' and errors(last)
        or by == 'hour' and string.format('%.0f', moment - moment % 3600000) or by == 'provider' and names
        or by == 'verdict' and verdict(h) or h[FIELD[by] or 0] or ''
      out[#out + 1], out[#out + 2], out[#out + 3] = ARGV[i], what, string.format('%.0f', moment)
    end
  end
end
return out
