--- Tidings in Neovim: an unread count for the status line, and `:Inbox` to list, read and mark.
---
---   require("tidings").setup({ user_id = "ann", teams = { "crew" } })
---
--- The program `tidings` is started when it is first needed and talked to by `vim.lsp.rpc`. If it ends, what
--- had no answer is sent to a new one. Neovim 0.7 or newer.

local M = {}

local uv = vim.uv or vim.loop

--- How often one request is sent before it fails with the program.
local SENDS = 4

local defaults = {
  --- The program. Without it TIDINGS_BIN, then PATH.
  program = nil,
  --- Where messages are kept; without it TIDINGS_STORE, then the program's default.
  store = nil,
  --- Whose inbox it is.
  user_id = vim.env.USER,
  --- The teams whose inboxes are shown; the account's own always is.
  teams = {},
  --- Seconds between two looks at the unread count; 0: only `refresh` looks.
  interval = 30,
  --- How many messages `:Inbox` fetches from each inbox at a time.
  page_size = 50,
  --- Stands before the unread count in the status line.
  icon = "✉ ",
  --- Hears the unread count and what it was before, whenever it changes.
  on_change = nil,
}

local options = vim.deepcopy(defaults)
local client = nil -- What vim.lsp.rpc.start gave; nil while no program runs.
local waiting = {} -- Requests without an answer, by number.
local last_number = 0
local counts = nil -- The latest result of get_unread_count.
local timer = nil
local silent = false -- Whether it was said that the unread count can't be had.

-- The program ---------------------------------------------------------------------------------------------

local function say(text)
  vim.notify("tidings: " .. text, vim.log.levels.WARN)
end

local function failure(kind, message)
  return { message = message, data = { kind = kind, retryable = true, details = {} } }
end

--- `vim.lsp.rpc.start` of any version: up to 0.9 the program and its arguments were two parameters.
local function rpc_start(command, dispatchers, extra)
  local start = require("vim.lsp.rpc").start
  local parameters = debug.getinfo(start, "u").nparams
  if parameters == 4 or (parameters ~= 3 and vim.fn.has("nvim-0.10") == 0) then
    return start(command[1], vim.list_slice(command, 2), dispatchers, extra)
  end
  return start(command, dispatchers, extra)
end

--- A result as every version gives it: newer ones keep the members that are null.
local function without_null(value)
  if value == vim.NIL then
    return nil
  elseif type(value) == "table" then
    for name, member in pairs(value) do
      if member == vim.NIL and type(name) == "string" then
        value[name] = nil
      else
        without_null(member)
      end
    end
  end
  return value
end

local on_end

--- Starts the program if none runs. Returns nil and the reason if it can't.
local function running()
  if client then
    return client
  end
  local program = options.program or vim.env.TIDINGS_BIN or "tidings"
  if vim.fn.executable(program) == 0 then
    return nil, "no program " .. program .. ": install it, or set `program` or TIDINGS_BIN"
  end
  local started
  local dispatchers = {
    on_exit = function(status, signal)
      vim.schedule(function()
        on_end(started, status, signal)
      end)
    end,
  }
  local extra = options.store and { env = { TIDINGS_STORE = options.store } } or nil
  local ok, result = pcall(rpc_start, { program, "serve", "--log-level", "warning" }, dispatchers, extra)
  if not ok or not result then
    return nil, "it could not be started: " .. tostring(result)
  end
  started = result
  client = result
  return client
end

local function send(call)
  call.sends = call.sends + 1
  local connection, reason = running()
  if not connection then
    waiting[call.number] = nil
    call.callback(failure("program_failed", reason), nil)
    return
  end
  call.connection = connection
  -- If it is ending, this sends nothing and its end sends the call again.
  connection.request(call.method, call.params, function(err, result)
    if waiting[call.number] ~= call then
      return
    end
    waiting[call.number] = nil
    call.callback(err, without_null(result))
  end)
end

--- The program ended: what has no answer goes to a new one, in order, a little later each time.
on_end = function(connection, status, signal)
  if client == connection then
    client = nil
  end
  local numbers = vim.tbl_keys(waiting)
  table.sort(numbers)
  local again, sends = {}, 0
  for _, number in ipairs(numbers) do
    local call = waiting[number]
    local its_own = call.connection == connection -- Else it is with another one, or about to be sent.
    if its_own and call.sends < SENDS then
      call.connection = nil
      table.insert(again, call)
      sends = math.max(sends, call.sends)
    elseif its_own then
      waiting[number] = nil
      local message = ("the program keeps ending (status %d, signal %d)"):format(status, signal)
      call.callback(failure("program_failed", message), nil)
    end
  end
  if #again == 0 then
    return
  end
  vim.defer_fn(function()
    for _, call in ipairs(again) do
      send(call)
    end
  end, 50 * (sends - 1) * sends)
end

--- Calls a method. `callback(err, result)` comes once, on the main loop; `err` is the error of the wire
--- ({ code, message, data = { kind, retryable, details } }), with kind `program_failed` and no code if there
--- is no program. Sends get an idempotency key, so that sending again doubles nothing.
function M.request(method, params, callback)
  last_number = last_number + 1
  params = params or vim.empty_dict()
  if method:find("^send_") and not params.idempotency_key then
    local key = ("nvim-%d-%d-%d"):format(vim.fn.getpid(), uv.hrtime(), last_number)
    params = vim.tbl_extend("force", params, { idempotency_key = key })
  end
  local call = { number = last_number, method = method, params = params, callback = callback, sends = 0 }
  waiting[call.number] = call
  send(call)
end

--- Ends the program; the next request starts another one.
function M.stop()
  local connection = client
  client = nil
  if connection then
    connection.request("shutdown", nil, function()
      connection.notify("exit")
    end)
  end
end

--- Calls a method and waits for the result, for scripts; an error is raised. `timeout` is in milliseconds.
function M.call(method, params, timeout)
  local answer
  M.request(method, params, function(err, result)
    answer = { err = err, result = result }
  end)
  vim.wait(timeout or 5000, function()
    return answer ~= nil
  end, 5)
  if not answer then
    error("tidings: no answer to " .. method, 0)
  elseif answer.err then
    error(("tidings: %s: %s (%s)"):format(method, answer.err.message, answer.err.data.kind), 0)
  end
  return answer.result
end

-- The unread count ----------------------------------------------------------------------------------------

--- Looks at the unread count now, and then calls `done`, if given.
function M.refresh(done)
  local params = { user_id = options.user_id }
  if #options.teams > 0 then
    params.team_ids = options.teams
  end
  M.request("get_unread_count", params, function(err, result)
    if result then
      local before = M.unread()
      counts = result
      if before ~= counts.count then
        vim.cmd("redrawstatus!")
        if options.on_change then
          options.on_change(counts.count, before)
        end
      end
    elseif not silent then
      say(err.message) -- Once: it is asked again and again.
    end
    silent = err ~= nil
    if done then
      done(err)
    end
  end)
end

--- How many messages are unread, in all inboxes or in one team's; as of the last look.
function M.unread(team)
  local of = counts
  if team then
    of = counts and counts.teams[team]
  end
  return of and of.count or 0
end

--- For the status line: the icon and the number, or nothing if all is read.
---   vim.o.statusline = "%f %m%= %{v:lua.require'tidings'.status()}"
function M.status()
  local unread = M.unread()
  return unread > 0 and options.icon .. unread or ""
end

-- :Inbox --------------------------------------------------------------------------------------------------

local HELP = "<CR> open  r read/unread  a archive  A all read  m more  R refresh  q close"

local lists = {} -- By buffer: user_id, sources ({ team, cursor, ended }), entries, total, count.

local function scratch(name, filetype)
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.bo[buffer].bufhidden = "wipe"
  vim.bo[buffer].filetype = filetype
  -- Another window may show a buffer of this name still.
  pcall(vim.api.nvim_buf_set_name, buffer, name)
  return buffer
end

local function write(buffer, lines)
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].modifiable = false
  vim.bo[buffer].modified = false
end

--- A time of the wire in this machine's own zone.
local function local_time(text)
  local year, month, day, hour, minute, second = text:match("^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)")
  local parts = { year = year, month = month, day = day, hour = hour, min = minute, sec = second, isdst = false }
  local as_if = os.time(parts)
  return os.date("%Y-%m-%d %H:%M", 2 * as_if - os.time(os.date("!*t", as_if)))
end

local function fit(text, width)
  text = vim.fn.strcharpart((text:gsub("%c", " ")), 0, width)
  return text .. (" "):rep(width - vim.fn.strdisplaywidth(text))
end

local function describe(entry)
  local message = entry.message
  return ("%s %s  %s  %s  %s"):format(
    message.read and " " or "●",
    local_time(message.create_time),
    fit(entry.team or "account", 12),
    fit(message.username or message.user_id or "", 12),
    vim.trim((message.content or message.message_type):gsub("%c", " "))
  )
end

local function render(buffer)
  local list = lists[buffer]
  if not list then
    return -- It was closed meanwhile.
  end
  table.sort(list.entries, function(one, other)
    local a, b = one.message, other.message
    if a.create_time ~= b.create_time then
      return a.create_time > b.create_time
    end
    return one.place > other.place
  end)
  local total, count = 0, 0
  for _, source in ipairs(list.sources) do
    total, count = total + (source.total or 0), count + (source.count or 0)
  end
  local lines = { ("%s: %d unread of %d    %s"):format(options.user_id, count, total, HELP) }
  for _, entry in ipairs(list.entries) do
    table.insert(lines, describe(entry))
  end
  write(buffer, lines)
end

local function complain(err)
  say(("%s (%s)"):format(err.message, err.data.kind))
end

--- Fetches the next page of every inbox of a list.
local function more(buffer)
  for _, source in ipairs(lists[buffer].sources) do
    if not source.ended then
      local method = source.team and "get_team_message" or "get_account_message"
      local params = {
        user_id = options.user_id,
        team_id = source.team,
        cursor = source.cursor,
        pageSize = options.page_size,
      }
      local list = lists[buffer]
      source.ended = true -- Until the answer says otherwise, so that it is not asked twice.
      M.request(method, params, function(err, page)
        if lists[buffer] ~= list then
          return
        elseif err then
          source.ended = false
          return complain(err)
        end
        for _, message in ipairs(page.data) do
          list.place = list.place - 1
          table.insert(list.entries, { team = source.team, source = source, message = message, place = list.place })
        end
        source.total, source.count, source.cursor = page.total, page.count, page.next_cursor
        source.ended = page.next_cursor == nil
        render(buffer)
      end)
    end
  end
end

local function load(buffer, teams)
  local sources = teams and {} or { {} }
  for _, team in ipairs(teams or options.teams) do
    table.insert(sources, { team = team })
  end
  lists[buffer] = { teams = teams, sources = sources, entries = {}, place = 0 }
  more(buffer)
end

--- Marks a message, or with no message everything, and shows what is so then.
local function mark(buffer, method, source, message, change)
  local params = { user_id = options.user_id, team_id = source.team }
  if message then
    params.nids = { message.nid }
  else
    params.all = true
  end
  M.request(method, params, function(err, result)
    if err then
      return complain(err)
    end
    source.total, source.count = result.total, result.count
    change()
    render(buffer)
    M.refresh()
  end)
end

local function entry_here(buffer)
  return lists[buffer].entries[vim.api.nvim_win_get_cursor(0)[1] - 1]
end

local function read(buffer)
  local entry = entry_here(buffer)
  if not entry then
    return
  end
  local message = entry.message
  local lines = {}
  local function field(name, value)
    if value then
      table.insert(lines, ("%-8s %s"):format(name .. ":", (tostring(value):gsub("%c", " "))))
    end
  end
  field("From", message.username or message.user_id)
  field("Team", message.team_name or message.team_id)
  field("About", message.receiver_id)
  field("Type", message.message_type)
  field("Date", local_time(message.create_time))
  table.insert(lines, "")
  vim.list_extend(lines, vim.split(message.content or "", "\n", { plain = true }))
  if message.data then
    table.insert(lines, "")
    vim.list_extend(lines, vim.split(vim.inspect(message.data), "\n", { plain = true }))
  end
  local page = scratch("tidings://message/" .. message.nid, "tidings-message")
  write(page, lines)
  vim.cmd("belowright split")
  vim.api.nvim_win_set_buf(0, page)
  vim.keymap.set("n", "q", "<Cmd>close<CR>", { buffer = page, nowait = true })
  if not message.read then
    mark(buffer, "mark_read", entry.source, message, function()
      message.read = true
    end)
  end
end

local function toggle(buffer)
  local entry = entry_here(buffer)
  if entry then
    local message = entry.message
    mark(buffer, message.read and "mark_unread" or "mark_read", entry.source, message, function()
      message.read = not message.read
    end)
  end
end

local function archive(buffer)
  local entry = entry_here(buffer)
  if entry then
    mark(buffer, "archive_message", entry.source, entry.message, function()
      local entries = lists[buffer] and lists[buffer].entries or {}
      for index, one in ipairs(entries) do
        if one == entry then
          table.remove(entries, index)
          break
        end
      end
    end)
  end
end

local function read_all(buffer)
  for _, source in ipairs(lists[buffer].sources) do
    mark(buffer, "mark_read", source, nil, function()
      for _, entry in ipairs(lists[buffer] and lists[buffer].entries or {}) do
        if entry.source == source then
          entry.message.read = true
        end
      end
    end)
  end
end

--- Opens the inbox in this window: the account's and all teams', or one team's. What `:Inbox [TEAM]` does.
--- Returns the buffer, which fills when the answers come.
function M.open(team)
  local buffer = scratch(team and "tidings://inbox/" .. team or "tidings://inbox", "tidings")
  local keys = { ["<CR>"] = read, r = toggle, a = archive, A = read_all, m = more }
  keys.R = function()
    load(buffer, lists[buffer].teams)
  end
  keys.q = function()
    vim.api.nvim_buf_delete(buffer, { force = true })
  end
  for key, action in pairs(keys) do
    vim.keymap.set("n", key, function()
      action(buffer)
    end, { buffer = buffer, nowait = true })
  end
  vim.api.nvim_create_autocmd("BufWipeout", {
    buffer = buffer,
    callback = function()
      lists[buffer] = nil
    end,
  })
  write(buffer, { ("%s: ..."):format(options.user_id) })
  vim.api.nvim_win_set_buf(0, buffer)
  vim.wo.wrap = false
  load(buffer, team and { team } or nil)
  return buffer
end

-- Setting up ----------------------------------------------------------------------------------------------

--- Takes the options (see `defaults` above), defines `:Inbox` and begins to look at the unread count.
function M.setup(chosen)
  for name in pairs(chosen or {}) do
    if defaults[name] == nil and not vim.tbl_contains({ "program", "store", "user_id", "on_change" }, name) then
      error("tidings: there is no option " .. name, 2)
    end
  end
  M.stop() -- The program or the store may be another one.
  options = vim.tbl_extend("force", vim.deepcopy(defaults), chosen or {})
  if not options.user_id then
    error("tidings: setup needs a user_id", 2)
  end
  counts = nil
  silent = false
  vim.api.nvim_create_user_command("Inbox", function(command)
    M.open(command.args ~= "" and command.args or nil)
  end, {
    nargs = "?",
    desc = "List, read and mark messages",
    complete = function(beginning)
      return vim.tbl_filter(function(team)
        return vim.startswith(team, beginning)
      end, options.teams)
    end,
  })
  if timer then
    timer:close()
    timer = nil
  end
  if options.interval > 0 then
    timer = uv.new_timer()
    timer:start(0, options.interval * 1000, vim.schedule_wrap(function()
      M.refresh()
    end))
  end
end

return M
