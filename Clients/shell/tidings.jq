# What others wrote, made fit to be shown: for jq 1.5 and newer.
#
#   tidings call get_team_message '{"team_id":"crew","user_id":"bob"}' |
#     jq -L DIR -r 'include "tidings"; .data[] | "\(sender): \(.content | plain)"'

# One line of plain text: no line ends, no control characters (C0, DEL, C1), nothing that turns the direction of what
# follows (U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069). null is an empty text.
def plain:
  (. // "") | tostring | explode | map(
    if . >= 9 and . <= 13 then 32
    elif . < 32 or (. >= 127 and . < 160) or . == 1564 or . == 8206 or . == 8207
      or (. >= 8232 and . <= 8238) or (. >= 8294 and . <= 8297) then 65533
    else . end
  ) | implode;

# Who wrote a message: the user_id, and beside it the display name, which its sender chose.
def sender:
  [.user_id, (if .username != null and .username != .user_id then "(\(.username))" else null end)]
  | map(select(. != null)) | join(" ") | plain;
