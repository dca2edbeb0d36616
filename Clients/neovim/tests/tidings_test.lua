-- Run by ../test in a headless Neovim: `REPORT` names the file that takes `ok NAME` or `not ok NAME: WHY`.

if vim.env.SIGNATURE == "other" then
  -- The signature of `vim.lsp.rpc.start` that this Neovim does not have.
  local rpc = require("vim.lsp.rpc")
  local start = rpc.start
  if debug.getinfo(start, "u").nparams == 4 then
    rpc.start = function(command, dispatchers, extra)
      assert(type(command) == "table")
      return start(command[1], vim.list_slice(command, 2), dispatchers, extra)
    end
  else
    rpc.start = function(program, arguments, dispatchers, extra)
      assert(type(program) == "string" and vim.tbl_islist(arguments))
      return start(vim.list_extend({ program }, arguments), dispatchers, extra)
    end
  end
end

local tidings = require("tidings")
local tests = {}
local notices = {}

vim.notify = function(text)
  table.insert(notices, text)
end

local function test(name, body)
  table.insert(tests, { name = name, body = body })
end

local function eq(actual, expected)
  if not vim.deep_equal(actual, expected) then
    error(("expected %s, got %s"):format(vim.inspect(expected), vim.inspect(actual)), 2)
  end
end

local function wait(what, condition)
  if not vim.wait(30000, condition, 5) then
    error("waited in vain until " .. what, 2)
  end
end

--- A program that tells its process id in a file, and is otherwise the real one.
local function traced()
  local file = vim.fn.tempname()
  local script = vim.fn.tempname()
  vim.fn.writefile({ "#!/bin/sh", ("echo $$ >> %s"):format(file), 'exec "$TIDINGS_BIN" "$@"' }, script)
  vim.fn.setfperm(script, "rwx------")
  return script, function()
    return vim.fn.filereadable(file) == 1 and vim.fn.readfile(file) or {}
  end
end

local function setup(chosen)
  notices = {}
  tidings.setup(vim.tbl_extend("force", { store = "memory:", user_id = "bob", teams = { "crew" }, interval = 0 }, chosen or {}))
end

local function refresh()
  local done
  tidings.refresh(function()
    done = true
  end)
  wait("the count is there", function()
    return done
  end)
end

local function send(content, more)
  local params = { team_id = "crew", user_id = "ann", message_type = "note", content = content }
  return tidings.call("send_team_message", vim.tbl_extend("force", params, more or {}))
end

--- Messages of two logs are listed by their times, which are milliseconds.
local function tick()
  local function now()
    local seconds, microseconds = vim.loop.gettimeofday()
    return seconds * 1000 + math.floor(microseconds / 1000)
  end
  local before = now()
  wait("the clock has gone on", function()
    return now() > before
  end)
end

local function lines()
  return vim.api.nvim_buf_get_lines(0, 0, -1, false)
end

local function header()
  return lines()[1]
end

local function shows(pattern)
  wait("the inbox shows " .. pattern, function()
    return table.concat(lines(), "\n"):find(pattern) ~= nil
  end)
end

local function press(keys)
  vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes(keys, true, false, true), "xt", false)
end

test("a request is answered, an error has its kind", function()
  setup()
  eq(tidings.call("ping"), vim.empty_dict())
  local ok, err = pcall(tidings.call, "get_message", { user_id = "bob", nid = "none" })
  eq({ ok, err }, { false, "tidings: get_message: there is no such message (not_found)" })
  local answer
  tidings.request("get_team_message", { team_id = "crew" }, function(failure, result)
    answer = { failure, result }
  end)
  wait("it is answered", function()
    return answer
  end)
  eq({ answer[1].code, answer[1].data.kind, answer[1].data.details.pointer, answer[2] }, { -32602, "invalid_params", "/user_id" })
end)

test("the unread count, for the status line", function()
  local heard = {}
  setup({
    on_change = function(count, before)
      table.insert(heard, { count, before })
    end,
  })
  refresh()
  eq({ tidings.unread(), tidings.status() }, { 0, "" })
  send("one")
  tidings.call("send_account_message", { reader_id = "bob", message_type = "note" })
  refresh()
  eq({ tidings.unread(), tidings.unread("crew"), tidings.unread("none"), tidings.status() }, { 2, 1, 0, "✉ 2" })
  vim.o.statusline = "%{v:lua.require'tidings'.status()}"
  if vim.api.nvim_eval_statusline then
    eq(vim.api.nvim_eval_statusline(vim.o.statusline, {}).str, "✉ 2")
  end
  refresh()
  eq(heard, { { 2, 0 } })
end)

test("the unread count is looked at by itself", function()
  local store = "sqlite:" .. vim.fn.tempname() .. ".db"
  setup({ store = store, interval = 1 })
  send("one")
  wait("it is seen", function()
    return tidings.unread() == 1
  end)
  send("two")
  wait("it is seen", function()
    return tidings.unread() == 2
  end)
end)

test("without teams the account's inbox alone counts", function()
  setup({ teams = {} })
  send("one")
  refresh()
  eq(tidings.unread(), 0)
  eq(notices, {})
end)

test(":Inbox lists the account's and the teams' messages, the newest first", function()
  setup({ teams = { "crew", "deck" } })
  send("Tea is\nready", { username = "Ann Änn" })
  tick()
  tidings.call("send_announcement", { message_type = "notice", content = "Maintenance on Sunday" })
  tick()
  send("Swab", { team_id = "deck" })
  vim.cmd("Inbox")
  shows("3 unread of 3")
  shows("Swab.*Maintenance.*Tea is ready")
  eq(#lines(), 4)
  assert(lines()[2]:find("^● %d%d%d%d%-%d%d%-%d%d %d%d:%d%d  deck          ann           Swab$"), lines()[2])
  assert(lines()[3]:find("  account  "), lines()[3])
  assert(lines()[4]:find("  crew          Ann Änn       Tea is ready$"), lines()[4])
  eq({ vim.bo.modifiable, vim.bo.filetype }, { false, "tidings" })
end)

test(":Inbox TEAM lists that team's alone, and its name is completed", function()
  setup({ teams = { "crew", "deck" } })
  send("Tea")
  send("Swab", { team_id = "deck" })
  vim.cmd("Inbox deck")
  shows("Swab")
  eq(#lines(), 2)
  eq(vim.fn.getcompletion("Inbox d", "cmdline"), { "deck" })
end)

test("a message is opened, read and unread, archived; all are read", function()
  setup()
  send("first")
  tick()
  send("second\nwith two lines", { data = { cups = 2 } })
  vim.cmd("Inbox")
  shows("2 unread of 2")
  local inbox = vim.api.nvim_get_current_buf()

  vim.api.nvim_win_set_cursor(0, { 2, 0 })
  press("<CR>")
  local text = table.concat(lines(), "\n")
  assert(text:find("From:    ann\nTeam:    crew\nType:    note\nDate:    .*\n\nsecond\nwith two lines\n\n{\n  cups = 2\n}$"), text)
  press("q")
  eq(vim.api.nvim_get_current_buf(), inbox)
  shows("1 unread of 2")
  wait("the status line knows", function()
    return tidings.unread() == 1
  end)
  eq({ lines()[2]:sub(1, 2), lines()[3]:sub(1, 3) }, { "  ", "●" })

  press("r")
  shows("2 unread of 2")
  press("r")
  shows("1 unread of 2")

  press("a")
  shows("1 unread of 1")
  eq(#lines(), 2)
  assert(lines()[2]:find("first"))
  press("A")
  shows("0 unread of 1")
  eq(lines()[2]:sub(1, 1), " ")
  send("third")
  press("R")
  shows("1 unread of 2")
  shows("third.*first")
  press("q")
  assert(vim.api.nvim_get_current_buf() ~= inbox)
end)

test("keys where no message is do nothing", function()
  setup()
  vim.cmd("Inbox")
  shows("0 unread of 0")
  vim.api.nvim_win_set_cursor(0, { 1, 0 })
  press("<CR>")
  press("r")
  press("a")
  eq(#lines(), 1)
end)

test("more messages are fetched when asked for, none twice", function()
  setup({ page_size = 3 })
  for number = 1, 7 do
    send("message " .. number)
  end
  vim.cmd("Inbox crew")
  shows("7 unread of 7")
  eq(#lines(), 4)
  press("m")
  press("m") -- While the first is under way: does nothing.
  shows("message 2")
  press("m")
  shows("message 1")
  press("m") -- There is nothing more: nothing is asked.
  tidings.call("mark_seen", { team_id = "crew", user_id = "bob", all = true }) -- After anything that was.
  eq(#lines(), 8)
end)

test("an inbox that is closed before its answer comes", function()
  setup()
  send("one")
  vim.cmd("Inbox")
  press("q")
  vim.cmd("Inbox")
  shows("1 unread of 1")
  eq(notices, {})
end)

test("calls while the program is killed at random: all answer, nothing is doubled", function()
  local all, in_flight = tonumber(vim.env.CALLS), 32
  local program, pids = traced()
  setup({ program = program, store = "sqlite:" .. vim.fn.tempname() .. ".db" })
  tidings.call("ping")
  math.randomseed(vim.loop.hrtime())
  local due, killed = {}, 0
  for _ = 1, tonumber(vim.env.KILLS) do
    table.insert(due, math.random(all))
  end
  table.sort(due)
  local made, answered, sent = 0, 0, {}
  local function one()
    if made == all then
      return
    end
    made = made + 1
    local content = "" .. made
    local call = { team_id = "crew", user_id = "ann", message_type = "note", content = content }
    tidings.request("send_team_message", call, function(err, result)
      eq(err, nil)
      answered = answered + 1
      sent[result.nid] = content
      local running = due[killed + 1] and answered >= due[killed + 1] and pids() or {}
      if #running > killed then -- Else the next program is being started.
        killed = killed + 1
        vim.loop.kill(tonumber(running[#running]), "sigkill")
      end
      one()
    end)
  end
  for _ = 1, in_flight do
    one()
  end
  if not vim.wait(30000 + all * 10, function()
    return answered == all
  end, 5) then
    error(("%d of %d calls were answered"):format(answered, all))
  end
  assert(killed > 0 and #due - killed < 3, ("%d kills"):format(killed)) -- The last ones may be due too late.
  local found, cursor = 0, nil
  repeat
    local page = tidings.call("get_team_message", { team_id = "crew", user_id = "bob", pageSize = 200, cursor = cursor })
    eq(page.total, all)
    for _, message in ipairs(page.data) do
      eq(message.content, sent[message.nid])
      found = found + 1
    end
    cursor = page.next_cursor
  until not cursor
  eq({ found, vim.tbl_count(sent) }, { all, all })
end)

test("a program that died while nothing was under way is started again", function()
  local program, pids = traced()
  setup({ program = program })
  tidings.call("ping")
  vim.loop.kill(tonumber(pids()[1]), "sigkill")
  tidings.call("ping")
  tidings.call("ping")
  eq(#pids(), 2)
end)

test("a program that can't be found, or keeps ending, is an error and is said once", function()
  for program, says in pairs({ ["/no/such/program"] = "no program /no/such/program", ["false"] = "keeps ending" }) do
    setup({ program = program })
    local ok, err = pcall(tidings.call, "ping", nil, 20000)
    assert(not ok and err:find(says, 1, true) and err:find("(program_failed)", 1, true), err)
    refresh()
    refresh()
    eq(#notices, 1)
    eq(tidings.status(), "")
  end
end)

test("another setup ends the program and uses another store", function()
  local program, pids = traced()
  setup({ program = program })
  send("one")
  setup({ program = program })
  refresh()
  eq(tidings.unread(), 0)
  eq(#pids(), 2)
  wait("the first one is gone", function()
    return vim.fn.isdirectory("/proc/" .. pids()[1]) == 0
  end)
  wait("it is said by kill too", function()
    return vim.loop.kill(tonumber(pids()[1]), 0) ~= 0
  end)
end)

test("options that are wrong", function()
  eq({ pcall(tidings.setup, { colour = "red" }) }, { false, "tidings: there is no option colour" })
  local ok, err = pcall(tidings.setup, { user_id = false })
  assert(not ok and err:find("needs a user_id"))
end)

local report = assert(io.open(vim.env.REPORT, "w"))
local function note(line)
  report:write(line, "\n")
  report:flush()
end

for _, one in ipairs(tests) do
  local ok, why = xpcall(one.body, function(err)
    return debug.traceback(tostring(err), 2)
  end)
  note(ok and "ok " .. one.name or ("not ok %s: %s"):format(one.name, why))
  vim.cmd("silent! %bwipeout!")
end

-- The last program runs on: ../test sees it end with Neovim.
local program, pids = traced()
setup({ program = program })
tidings.call("ping")
note("pid " .. pids()[1])
report:close()
vim.cmd("qall!")
