--- One running program `tidings`: requests in, answers out, its log, its end. It knows no methods.
---
--- The program has a session and a process group of its own: Ctrl-C in Neovim's terminal is Neovim's, and ending the
--- program ends whatever a wrapper around it started. When Neovim ends, whatever the reason, the program's input is
--- closed, and it finishes and ends too.

local M = {}

local uv = vim.uv or vim.loop

local HELLO = 0 -- The id of the first request; others count from 1.
local LAST_WORDS = 10 -- lines
local GRACE = 2000 -- Milliseconds from the end of the process to the end of whatever holds its pipes.
local LONGEST = 1048576 -- Bytes of a line of the log, and of a first answer.

--- A function that cuts chunks into lines, at line feeds alone; `limit()` says how many bytes a line may have.
local function splitter(on_line, limit)
  local parts, size = {}, 0
  return function(chunk)
    local start = 1
    while true do
      local stop = chunk:find("\n", start, true)
      if not stop then
        break
      end
      table.insert(parts, chunk:sub(start, stop - 1))
      local line = table.concat(parts)
      parts, size = {}, 0
      on_line(line)
      start = stop + 1
    end
    if start <= #chunk then
      table.insert(parts, chunk:sub(start))
      size = size + #chunk - start + 1
      if size > limit() then
        local line = table.concat(parts)
        parts, size = {}, 0
        on_line(line)
      end
    end
  end
end

local function timer(milliseconds, action)
  local made = uv.new_timer()
  made:start(milliseconds, 0, vim.schedule_wrap(function()
    if not made:is_closing() then
      made:close()
      action()
    end
  end))
  return made
end

local function close(handle)
  if handle and not handle:is_closing() then
    handle:close()
  end
end

--- Starts a program. Returns what it is talked to by, or nil and why it can't be started.
---
--- options: command; env, a table of variables besides Neovim's own; folder, where it is started, as long as that can
--- be entered; start_timeout, milliseconds.
--- on_answer(id, answer) gets { result = ... } or { error = ... }, or { unreadable = true } for an answer that Lua can't
--- hold. on_end({ status, signal, answered, fault, words }) comes once, and in any case. on_event(params) gets what
--- subscriptions tell. All are called on the main loop.
function M.start(options, on_answer, on_end, on_event)
  local self = { answered = false }
  local input, output, log = uv.new_pipe(false), uv.new_pipe(false), uv.new_pipe(false)
  local process, pid, late, ending
  local status, signal, fault
  local open, over = 2, false -- The output and the log.
  local words = {}

  local function finish()
    if over then
      return
    end
    over = true
    for _, handle in pairs({ input, output, log, process, late, ending }) do
      close(handle)
    end
    on_end({
      status = status or 0,
      signal = signal or 0,
      answered = self.answered,
      fault = fault,
      words = words,
    })
  end

  --- Ends what is left of the program's process group.
  local function kill()
    if pid then
      uv.kill(-pid, "sigkill")
    end
  end

  --- Sees the end, though somebody may hold the pipes.
  local function end_soon()
    close(ending)
    ending = timer(GRACE, function()
      kill()
      finish()
    end)
  end

  local function fail(kind, message)
    fault = fault or { kind = kind, message = message }
    kill()
    end_soon()
  end

  local function settled()
    if status and open == 0 then
      finish()
    end
  end

  local function receive(line)
    if over or fault then
      return
    end
    local ok, message = pcall(vim.json.decode, line)
    if not ok then
      -- Valid, as it ends as an answer does, but more than Lua can hold: it fails its own call. What is in it is not
      -- told, since others wrote it.
      local id = line:match('^{"jsonrpc":"2%.0","id":(%d+),.*}%s*$')
      if id and self.answered then
        return on_answer(tonumber(id), { unreadable = true })
      elseif line:match('^{"jsonrpc":"2%.0","method":".*}%s*$') then
        return -- Said unasked.
      end
      return fail("incompatible_program", "the program wrote what is no answer")
    elseif type(message) ~= "table" or (message.id == nil and not message.method) or message.id == vim.NIL then
      return fail("incompatible_program", "the program wrote what is no answer")
    elseif message.method then
      if message.method == "inbox_event" and type(message.params) == "table" then
        on_event(message.params)
      end
      return -- Said unasked.
    elseif message.id == HELLO and not self.answered then
      self.answered = true
      close(late)
      return
    end
    on_answer(message.id, message)
  end

  local answers = splitter(vim.schedule_wrap(receive), function()
    return self.answered and math.huge or LONGEST
  end)
  local logged = splitter(function(line)
    table.insert(words, line)
    if #words > LAST_WORDS then
      table.remove(words, 1)
    end
  end, function()
    return LONGEST
  end)

  local function reader(take)
    return function(err, chunk)
      if chunk and not err then
        return take(chunk)
      end
      vim.schedule(function()
        open = open - 1
        settled()
      end)
    end
  end

  local env
  if options.env then
    env = {}
    for name, value in pairs(vim.tbl_extend("force", vim.fn.environ(), options.env)) do
      table.insert(env, name .. "=" .. value)
    end
  end
  process, pid = uv.spawn(options.command[1], {
    args = vim.list_slice(options.command, 2),
    env = env,
    cwd = options.folder and uv.fs_access(options.folder, "X") and options.folder or nil,
    stdio = { input, output, log },
    detached = true,
  }, vim.schedule_wrap(function(its_status, its_signal)
    status, signal = its_status, its_signal
    settled()
    if not over then
      -- What a wrapper left behind may still answer what it has, and ends by the end of its input.
      close(input)
      end_soon()
    end
  end))
  if not process then
    local reason = pid -- As luv has it.
    pid = nil
    for _, pipe in ipairs({ input, output, log }) do
      close(pipe)
    end
    return nil, tostring(reason)
  end
  output:read_start(reader(answers))
  log:read_start(reader(logged))

  function self.write(line)
    if not over and not input:is_closing() then
      input:write(line) -- If it is ending, its end sends the call again.
    end
  end

  --- Closes the program's input: it answers what it accepted, and ends; after `milliseconds` by force.
  function self.stop(milliseconds)
    if over then
      return
    end
    if not input:is_closing() then
      input:shutdown(function()
        close(input)
      end)
    end
    close(ending)
    ending = timer(milliseconds, function()
      kill()
      end_soon()
    end)
  end

  late = timer(options.start_timeout, function()
    if not status then -- Else it has ended by itself, which is about to be told.
      fail("start_timeout", ("the program gave no answer within %d ms of its start"):format(options.start_timeout))
    end
  end)
  self.write(('{"jsonrpc":"2.0","id":%d,"method":"ping"}\n'):format(HELLO))
  return self
end

return M
