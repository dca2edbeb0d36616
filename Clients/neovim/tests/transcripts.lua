-- Run by ../test in a headless Neovim: replays those of `TRANSCRIPTS` (a folder; its README says how) that are made
-- of calls, on a file of its own each: the program's own tests replay them on every store. `REPORT` names the file that takes `ok NAME` or `not ok NAME: WHY`.

local tidings = require("tidings")

local function mismatch(where, pattern, value)
  error(("at %s: expected %s, got %s"):format(where, vim.inspect(pattern), vim.inspect(value)), 0)
end

local function is_list(value)
  return vim.tbl_islist(value) and not (next(value) == nil and getmetatable(value) ~= nil)
end

local function present(value)
  if value == vim.NIL then
    return nil
  end
  return value
end

--- Binds placeholders in `bound`; an error if the value doesn't match. The client leaves out what is null.
local function match(pattern, value, bound, where)
  pattern, value = present(pattern), present(value)
  if type(pattern) == "string" and pattern:find("^<.*>$") then
    local kind = pattern:match("^<(%l+)")
    local fits = value ~= nil and (kind == "any" or type(value) == (kind == "number" and "number" or "string"))
    if kind == "time" then
      fits = fits and value:find("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ$")
    elseif kind == "nid" or kind == "cursor" then
      fits = fits and value ~= ""
    end
    if fits and pattern:find(":") then
      if bound[pattern] == nil and kind == "nid" then
        for name, other in pairs(bound) do
          fits = fits and not (name:find("^<nid:") and other == value)
        end
      end
      bound[pattern] = bound[pattern] or value
      fits = fits and bound[pattern] == value
    end
    if not fits then
      mismatch(where, bound[pattern] or pattern, value)
    end
  elseif type(pattern) == "table" and type(value) == "table" and is_list(pattern) then
    if #pattern ~= #value then
      mismatch(where, pattern, value)
    end
    for index, item in ipairs(pattern) do
      match(item, value[index], bound, ("%s[%d]"):format(where, index - 1))
    end
  elseif type(pattern) == "table" and type(value) == "table" then
    for name, member in pairs(pattern) do
      if name ~= "<open>" then
        match(member, value[name], bound, where .. "." .. name)
      end
    end
    for name in pairs(value) do
      if pattern[name] == nil and not pattern["<open>"] then
        mismatch(where, pattern, value)
      end
    end
  elseif pattern ~= value then
    mismatch(where, pattern, value)
  end
end

--- Each value takes the first pattern left that it matches.
local function match_unordered(patterns, values, bound)
  local left = vim.list_extend({}, patterns)
  for _, value in ipairs(values) do
    local found
    for index, pattern in ipairs(left) do
      local attempt = vim.tbl_extend("force", {}, bound)
      if pcall(match, pattern, value, attempt, "$") then
        for name, one in pairs(attempt) do
          bound[name] = one
        end
        found = index
        break
      end
    end
    if not found then
      mismatch("$", left, value)
    end
    table.remove(left, found)
  end
end

--- A message with bound placeholders in place. An empty object stays one.
local function fill(message, bound)
  if type(message) == "table" and next(message) ~= nil then
    return vim.tbl_map(function(member)
      return fill(member, bound)
    end, message)
  elseif type(message) == "string" and message:find("^<%l+:.*>$") then
    return assert(bound[message], message .. " is sent before it is bound")
  end
  return message
end

--- Whether it is nothing but requests that `request` can make, and their answers.
local function made_of_calls(steps)
  for _, step in ipairs(steps) do
    local send = step.send
    if step.expect_batch or step.contains or step.exit then
      return false
    elseif send and (type(send) ~= "table" or send.jsonrpc ~= "2.0" or send.id == nil or send.method == "initialize") then
      return false
    elseif send and send.params ~= nil and (type(send.params) ~= "table" or is_list(send.params)) then
      return false
    end
  end
  return true
end

local function replay(steps)
  local bound, answers = {}, {}
  local function read()
    if not vim.wait(30000, function()
      return #answers > 0
    end, 1) then
      error("waited in vain for an answer", 0)
    end
    return table.remove(answers, 1)
  end
  for number, step in ipairs(steps) do
    local ok, why = pcall(function()
      if step.send then
        local id = step.send.id
        tidings.request(step.send.method, fill(step.send.params, bound), function(err, result)
          table.insert(answers, { jsonrpc = "2.0", id = id, error = err, result = result })
        end)
      elseif step.expect then
        match(step.expect, read(), bound, "$")
      elseif step.expect_all then
        local values = {}
        for _ in ipairs(step.expect_all) do
          table.insert(values, read())
        end
        match_unordered(step.expect_all, values, bound)
      end
    end)
    if not ok then
      error(("line %d: %s"):format(number, why), 0)
    end
  end
  assert(#answers == 0, "more answers than expected")
end

local report = assert(io.open(vim.env.REPORT, "w"))
local calls, files = 0, vim.fn.sort(vim.fn.glob(vim.env.TRANSCRIPTS .. "/*.jsonl", true, true))
for _, file in ipairs(files) do
  local steps = vim.tbl_map(vim.json.decode, vim.fn.readfile(file))
  if made_of_calls(steps) then
    calls = calls + 1
    local name = vim.fn.fnamemodify(file, ":t")
    tidings.setup({ store = "sqlite:" .. name .. ".db", user_id = "bob", live = false, scope = false })
    local ok, why = pcall(replay, steps)
    report:write(ok and "ok " .. name or ("not ok %s: %s"):format(name, why), "\n")
    report:flush()
  end
end
report:write(calls > #files / 2 and "ok" or "not ok", " most transcripts are made of calls\n")
report:close()
tidings.stop()
vim.cmd("qall!")
