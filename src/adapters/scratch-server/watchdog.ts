/**
 * The shell program that is the server's parent. It waits for the end of its stdin, a pipe only our process
 * holds: when we close it, or die in any way, `kill -9` included, the kernel closes it, and the server is
 * stopped and every byte removed.
 *
 * Words after the script: the server program, its folder, and the server's arguments.
 */
export const WATCHDOG = `
server=$1 folder=$2
shift 2
trap 'stop=1' INT TERM HUP
"$server" "$@" </dev/null >"$folder/log" 2>&1 &
pid=$!
while read -r line; do :; done
kill -QUIT "$pid" 2>/dev/null
wait "$pid"
cd /
rm -rf "$folder"
`;
