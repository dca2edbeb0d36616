--- Tidings in Neovim: an unread count for the status line, and `:Inbox` to list, read and mark.
---
---   require("tidings").setup({ user_id = "ann", teams = { "crew" } })
---
--- The program `tidings` is started when it is first needed, for this user and these teams only. If it ends, what had
--- no answer is sent to a new one. Neovim 0.7 or newer.

local M = {}

local program = require("tidings.program")
local text = require("tidings.text")
local uv = vim.uv or vim.loop

--- How often one request is sent before it fails with the program.
local SENDS = 4
--- Milliseconds that a program which is ended has to answer what it accepted.
local GRACE = 10000
--- Milliseconds between two tries to follow, at most.
local LONGEST_PAUSE = 30000
--- A status that says: try again.
local EX_TEMPFAIL = 75

local defaults = {
  --- The program. Without it TIDINGS_BIN, then PATH.
  program = nil,
  --- Where messages are kept; without it TIDINGS_STORE, then the program's default.
  store = nil,
  --- Whose inbox it is.
  user_id = vim.env.USER,
  --- The teams whose inboxes are shown; the account's own always is.
  teams = {},
  --- Whether the program is told to act for this user and these teams only, whoever asks it in this Neovim.
  scope = true,
  --- Whether the unread count follows what happens, from `setup` on; else only `refresh` looks.
  live = true,
  --- How many messages `:Inbox` fetches from each inbox at a time.
  page_size = 50,
  --- Seconds in which the program must answer once after its start.
  start_timeout = 30,
  --- Stands before the unread count in the status line.
  icon = "✉ ",
  --- Hears the unread count and what it was before, whenever it changes.
  on_change = nil,
}

--- What each option must be: whether a value is, and how an error says it.
local function is(kind)
  return function(value)
    return type(value) == kind
  end
end
local function above(least)
  return function(value)
    return type(value) == "number" and value >= least and value < math.huge
  end
end
local kinds = {
  program = { is("string"), "a string" },
  store = {
    function(value)
      return type(value) == "string" and value ~= ""
    end,
    'a string, as "sqlite:inbox.db"',
  },
  user_id = { is("string"), "a string" },
  teams = {
    function(value)
      return type(value) == "table" and #vim.tbl_filter(is("string"), value) == vim.tbl_count(value)
    end,
    "a list of strings",
  },
  scope = { is("boolean"), "true or false" },
  live = { is("boolean"), "true or false" },
  page_size = { above(1), "a number" },
  start_timeout = { above(0.001), "a number of seconds" },
  icon = { is("string"), "a string" },
  on_change = { is("function"), "a function" },
}

local options = vim.deepcopy(defaults)
local folder = nil -- Where Neovim was at `setup`: a store that is named from there stays the same file.
local running = nil -- The program that program.start gave; nil while none runs.
local waiting = {} -- Requests without an answer, by number.
local last_number = 0
local counts = nil -- The latest numbers, in the form of get_unread_count's result.
local following = nil -- The subscription: { connection, subscription, failures }; nil while there is to be none.
local silent = false -- Whether it was said that the unread count can't be had.

-- The program ---------------------------------------------------------------------------------------------

local function say(what)
  vim.notify("tidings: " .. text.plain(what), vim.log.levels.WARN)
end

--- An error of the client's own, of the kinds that the clients in other languages have too.
local function failure(kind, message, retryable)
  return { code = 0, message = message, data = { kind = kind, retryable = retryable, details = {} } }
end

--- A result without the members that are null.
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

--- An error as the wire has it, whatever form it came in.
local function error_of(value)
  value = type(value) == "table" and value or {}
  local data = type(value.data) == "table" and value.data or {}
  return {
    code = type(value.code) == "number" and value.code or 0,
    message = type(value.message) == "string" and value.message or "an error of no known form",
    data = {
      kind = type(data.kind) == "string" and data.kind or "internal",
      retryable = data.retryable == true,
      details = type(data.details) == "table" and without_null(data.details) or {},
    },
  }
end

local function settle(call, err, result)
  waiting[call.number] = nil
  call.callback(err, result)
end

local function on_answer(number, answer)
  local call = waiting[number]
  if not call then
    return -- It was given up meanwhile.
  elseif answer.unreadable then
    settle(call, failure("unreadable_answer", "the answer is more than Lua can hold", false))
  elseif answer.error ~= nil and answer.error ~= vim.NIL then
    settle(call, error_of(answer.error))
  else
    settle(call, nil, without_null(answer.result))
  end
end

--- What the program is called with.
local function command(path)
  local words = { path, "serve", "--log-level", "warning" }
  if options.scope then
    table.insert(words, "--user=" .. options.user_id)
    for _, team in ipairs(options.teams) do
      table.insert(words, "--team=" .. team)
    end
  end
  return words
end

local on_end, on_event

--- Starts the program if none runs. Returns nil and the failure if it can't.
local function run()
  if running then
    return running
  end
  local path = options.program or vim.env.TIDINGS_BIN or "tidings"
  if vim.fn.executable(path) == 0 then
    local message = "no program " .. path .. ": install it, or set `program` or TIDINGS_BIN"
    return nil, failure("program_not_found", message, false)
  end
  local started, reason
  started, reason = program.start({
    command = command(path),
    -- Not among the arguments, which others can read: it may hold a password.
    env = options.store and { TIDINGS_STORE = options.store } or nil,
    folder = folder,
    start_timeout = options.start_timeout * 1000,
  }, on_answer, function(ending)
    on_end(started, ending)
  end, function(params)
    on_event(started, params)
  end)
  if not started then
    local passing = reason:find("^EAGAIN") or reason:find("^ENOMEM") or reason:find("^EMFILE") or reason:find("^ENFILE")
    return nil, failure("process_died", "the program could not be started: " .. reason, passing ~= nil)
  end
  running = started
  return running
end

local function send(call)
  call.sends = call.sends + 1
  local connection, err = run()
  if not connection then
    return settle(call, err)
  end
  call.connection = connection
  connection.write(call.line) -- If it is ending, this writes nothing and its end sends the call again.
end

--- Why a program ended for good.
local function reason_of(ending)
  local fault = ending.fault
  local how = fault and fault.message
  if not how then
    local what = ending.answered and "the program keeps ending" or "the program ended before it answered"
    how = ("%s (status %d, signal %d)"):format(what, ending.status, ending.signal)
  end
  local last = ending.words[#ending.words]
  if last and options.store then
    last = last:gsub("TIDINGS_STORE", "store") -- As this plugin's user calls it.
  end
  how = last and how .. ": " .. last or how
  if fault then
    return failure(fault.kind, how, fault.kind == "start_timeout")
  end
  return failure("process_died", how, ending.answered or ending.signal ~= 0 or ending.status == EX_TEMPFAIL)
end

--- The program ended: what has no answer goes to a new one, in order, a little later each time. What ended by itself
--- before it answered, as of a wrong option, or gave no answer in time, would do so again.
on_end = function(connection, ending)
  if running == connection then
    running = nil
  end
  local hopeless = not ending.answered and (ending.fault ~= nil or ending.signal == 0)
  local numbers = vim.tbl_keys(waiting)
  table.sort(numbers)
  local again, lost, sends = {}, {}, 0
  for _, number in ipairs(numbers) do
    local call = waiting[number]
    if call.connection == connection then -- Else it is with another one, or about to be sent.
      if not hopeless and call.sends < SENDS then
        call.connection = nil
        table.insert(again, call)
        sends = math.max(sends, call.sends)
      else
        table.insert(lost, call)
      end
    end
  end
  if #again > 0 then
    vim.defer_fn(function()
      for _, call in ipairs(again) do
        if waiting[call.number] == call then
          send(call)
        end
      end
    end, 50 * (sends - 1) * sends)
  end
  for _, call in ipairs(lost) do
    settle(call, reason_of(ending))
  end
  on_event(connection, nil)
end

--- Calls a method. `callback(err, result)` comes once, on the main loop; `err` is the error of the wire
--- ({ code, message, data = { kind, retryable, details } }), or one of the client's own, with code 0. Sends get an
--- idempotency key, so that sending again doubles nothing. What JSON can't say is raised here. Returns a function that
--- takes the call back: the callback does not come then.
function M.request(method, params, callback)
  last_number = last_number + 1
  params = params or vim.empty_dict()
  if method:find("^send_") and not params.idempotency_key then
    local key = ("nvim-%d-%d-%d"):format(vim.fn.getpid(), uv.hrtime(), last_number)
    params = vim.tbl_extend("force", params, { idempotency_key = key })
  end
  local number = last_number
  local fine, line = pcall(vim.json.encode, { jsonrpc = "2.0", id = number, method = method, params = params })
  if not fine or not text.is_utf8(line) then
    error(("tidings: %s: %s"):format(method, fine and "a string is not UTF-8" or line), 2)
  end
  local call = { number = number, method = method, line = line .. "\n", callback = callback, sends = 0 }
  waiting[number] = call
  send(call)
  return function()
    if waiting[number] == call then
      waiting[number] = nil
      if call.connection then
        local cancel = { jsonrpc = "2.0", method = "$/cancelRequest", params = { id = number } }
        call.connection.write(vim.json.encode(cancel) .. "\n")
      end
    end
  end
end

--- Ends the program once it has answered what it accepted, after so many milliseconds by force; the next request
--- starts another one.
function M.stop(milliseconds)
  local connection = running
  running, following = nil, nil
  if connection then
    connection.stop(milliseconds or GRACE)
  end
end

--- Calls a method and waits for the result, for scripts; an error is raised. `timeout` is in milliseconds.
function M.call(method, params, timeout)
  local answer
  local take_back = M.request(method, params, function(err, result)
    answer = { err = err, result = result }
  end)
  vim.wait(timeout or 5000, function()
    return answer ~= nil
  end, 5)
  if not answer then
    take_back()
    error(("tidings: %s: no answer in time (deadline_exceeded)"):format(method), 0)
  elseif answer.err then
    error(("tidings: %s: %s (%s)"):format(method, answer.err.message, answer.err.data.kind), 0)
  end
  return answer.result
end

-- The unread count ----------------------------------------------------------------------------------------

--- Takes in new numbers.
local function count(result)
  local before = M.unread()
  counts = result
  if before ~= counts.count then
    vim.cmd("redrawstatus!")
    if options.on_change then
      options.on_change(counts.count, before)
    end
  end
end

--- Takes in the numbers of some inboxes, as a subscription tells them.
local function count_inboxes(inboxes)
  local all = { account = counts and counts.account, teams = counts and vim.deepcopy(counts.teams) or {} }
  for _, inbox in ipairs(inboxes) do
    local numbers = { total = inbox.total, count = inbox.count, unseen = inbox.unseen }
    if inbox.team_id then
      all.teams[inbox.team_id] = numbers
    else
      all.account = numbers
    end
  end
  all.count = all.account and all.account.count or 0
  for _, numbers in pairs(all.teams) do
    all.count = all.count + numbers.count
  end
  count(all)
end

local follow

--- Follows again, a little later after each failure in a row.
local function follow_again(mine)
  mine.connection, mine.subscription = nil, nil
  mine.failures = mine.failures + 1
  vim.defer_fn(function()
    if following == mine then
      follow(mine)
    end
  end, math.min(50 * (mine.failures - 1) * mine.failures, LONGEST_PAUSE))
end

--- Subscribes to the numbers of all inboxes; its answer has those of the present.
function follow(mine)
  local inboxes = { vim.empty_dict() } -- The account.
  for _, team in ipairs(options.teams) do
    table.insert(inboxes, { team_id = team })
  end
  local params = { user_id = options.user_id, detail = "counts", inboxes = inboxes }
  M.request("subscribe", params, function(err, result)
    if following ~= mine then
      return -- The program that answered was told to end.
    elseif err then
      if not silent then
        say(err.message) -- Once: it is tried again and again.
      end
      silent = true
      return follow_again(mine)
    end
    silent = false
    mine.connection, mine.subscription = running, result.subscription
    count_inboxes(result.inboxes)
  end)
end

--- An event of a program, or without `params` its end: then another one tells of the present.
on_event = function(connection, params)
  local mine = following
  if not mine or mine.connection ~= connection then
    return
  elseif not params then
    follow_again(mine)
  elseif params.subscription == mine.subscription then
    mine.failures = 0
    count_inboxes({ params })
  end
end

--- Looks at the unread count now, and then calls `done`, if given.
function M.refresh(done)
  local params = { user_id = options.user_id }
  if #options.teams > 0 then
    params.team_ids = options.teams
  end
  M.request("get_unread_count", params, function(err, result)
    if result then
      count(result)
    elseif not silent then
      say(err.message) -- Once: it is asked again and again.
    end
    silent = err ~= nil
    if done then
      done(err)
    end
  end)
end

--- How many messages are unread, in all inboxes or in one team's; as of what was told last.
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
local function local_time(time)
  local year, month, day, hour, minute, second = time:match("^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)")
  local parts = { year = year, month = month, day = day, hour = hour, min = minute, sec = second, isdst = false }
  local as_if = os.time(parts)
  return os.date("%Y-%m-%d %H:%M", 2 * as_if - os.time(os.date("!*t", as_if)))
end

local function fit(what, width)
  local shown = text.plain(what)
  if vim.fn.strchars(shown) > width then
    shown = vim.fn.strcharpart(shown, 0, width - 1) .. "…" -- So that it is no other, shorter name.
  end
  return shown .. (" "):rep(width - vim.fn.strdisplaywidth(shown))
end

local function describe(entry)
  local message = entry.message
  return ("%s %s  %s  %s  %s"):format(
    message.read and " " or "●",
    local_time(message.create_time),
    fit(entry.team or "account", 12),
    fit(text.sender(message), 20),
    vim.trim(text.plain(message.content or message.message_type))
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
      table.insert(lines, ("%-8s %s"):format(name .. ":", text.plain(tostring(value))))
    end
  end
  local from = text.sender(message)
  field("From", from ~= "" and from or nil)
  field("Team", message.team_id and message.team_name and ("%s (%s)"):format(message.team_id, message.team_name) or message.team_id)
  field("About", message.receiver_id)
  field("Type", message.message_type)
  field("Date", local_time(message.create_time))
  table.insert(lines, "")
  vim.list_extend(lines, text.lines(message.content or ""))
  if message.data then
    table.insert(lines, "")
    vim.list_extend(lines, text.lines(vim.inspect(message.data)))
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

--- Takes the options (see `defaults` above), defines `:Inbox` and begins to follow the unread count. An option that is
--- unknown or of another kind is an error, since whoever misspelt it means something.
function M.setup(chosen)
  local names = vim.tbl_keys(kinds)
  table.sort(names)
  for name, value in pairs(chosen or {}) do
    if not kinds[name] then
      error(("tidings: there is no option %s; did you mean %s?"):format(name, text.nearest(tostring(name), names)), 2)
    elseif not kinds[name][1](value) then
      error(("tidings: the option %s must be %s"):format(name, kinds[name][2]), 2)
    end
  end
  local taken = vim.tbl_extend("force", vim.deepcopy(defaults), chosen or {})
  if not taken.user_id then
    error("tidings: setup needs a user_id", 2)
  end
  M.stop() -- The program or the store may be another one.
  options = taken
  folder = uv.cwd()
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
  if options.live then
    following = { failures = 0 }
    follow(following)
  end
end

return M
