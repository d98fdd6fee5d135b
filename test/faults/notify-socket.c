/* What systemd does with NOTIFY_SOCKET: listens on a Unix datagram socket, prints what arrives. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int main(int count, char **words) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  char line[4096];
  int listener = socket(AF_UNIX, SOCK_DGRAM, 0);
  if (count != 2 || strlen(words[1]) >= sizeof address.sun_path) return 2;
  strcpy(address.sun_path, words[1]);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0) return 1;
  puts("{\"pid\": 0}");
  fflush(stdout);
  for (;;) {
    ssize_t length = recv(listener, line, sizeof line - 1, 0);
    if (length < 0) return 1;
    line[length] = 0;
    puts(line);
    fflush(stdout);
  }
}
