/* The least that a server of the stream can do: one epoll, one send() a ping, no parsing worth the name.
   No program can need less processor time for the same frames over the same system calls. Prints the port. */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS = 30, SLOT_NS = 100000000, FILES = 1 << 20, READ_BYTES = 65536, EVENTS = 512 };
#define IDENTIFIER "\"{\\\"channel\\\":\\\"NotificationsChannel\\\"}\""
#define UPGRADED "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
                 "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
#define WELCOME "{\"type\":\"welcome\"}"
#define CONFIRM "{\"identifier\":" IDENTIFIER ",\"type\":\"confirm_subscription\"}"

static char live[FILES]; /* by file descriptor: whether it is a client of the stream */
static long accounts[FILES];
static int highest;

static size_t frame(char *out, const char *text, size_t size) {
  size_t header = 2;
  out[0] = (char)0x81;
  if (size < 126) {
    out[1] = (char)size;
  } else {
    out[1] = 126, out[2] = (char)(size >> 8), out[3] = (char)size;
    header = 4;
  }
  memcpy(out + header, text, size);
  return header + size;
}

static void say(int fd, const char *text) {
  char out[READ_BYTES];
  (void)!send(fd, out, frame(out, text, strlen(text)), MSG_NOSIGNAL);
}

static void turn(void) {
  static int slot;
  char text[64], out[64];
  snprintf(text, sizeof text, "{\"type\":\"ping\",\"message\":%ld}", (long)time(NULL));
  size_t size = frame(out, text, strlen(text));
  for (int fd = slot; fd <= highest; fd += SLOTS)
    if (live[fd]) (void)!send(fd, out, size, MSG_NOSIGNAL);
  slot = (slot + 1) % SLOTS;
}

static long account_of(const char *request) {
  const char *name = strstr(request, "account-");
  return name ? strtol(name + 8, NULL, 10) : -1;
}

static void publish(long account, const char *event) {
  char text[READ_BYTES], out[READ_BYTES];
  size_t size = (size_t)snprintf(text, sizeof text - 8, "{\"identifier\":" IDENTIFIER ",\"message\":%s}", event);
  size = frame(out, text, size);
  for (int fd = 0; fd <= highest; fd++)
    if (live[fd] && accounts[fd] == account) (void)!send(fd, out, size, MSG_NOSIGNAL);
}

static void receive(int fd) {
  char data[READ_BYTES + 1];
  ssize_t size = recv(fd, data, READ_BYTES, 0);
  if (size <= 0) {
    live[fd] = 0;
    close(fd);
    return;
  }
  data[size] = 0;
  if (live[fd]) {
    say(fd, CONFIRM);
  } else if (!strncmp(data, "GET ", 4)) {
    (void)!send(fd, UPGRADED, strlen(UPGRADED), MSG_NOSIGNAL);
    live[fd] = 1, accounts[fd] = account_of(data);
    say(fd, WELCOME);
  } else { /* POST /publish, head and body in one piece */
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    char *body = strstr(data, "\r\n\r\n");
    if (body) publish(account_of(data), body + 4);
    (void)!send(fd, ok, sizeof ok - 1, MSG_NOSIGNAL);
  }
}

int main(void) {
  int listener = socket(AF_INET, SOCK_STREAM, 0), epoll = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  struct itimerspec every = {{0, SLOT_NS}, {0, SLOT_NS}};
  struct epoll_event events[EVENTS], event = {.events = EPOLLIN};
  if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 4096)) return 1;
  getsockname(listener, (struct sockaddr *)&address, &length);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  timerfd_settime(timer, 0, &every, NULL);
  event.data.fd = listener, epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  event.data.fd = timer, epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event);
  for (;;) {
    int count = epoll_wait(epoll, events, EVENTS, -1);
    for (int i = 0; i < count; i++) {
      int fd = events[i].data.fd;
      if (fd == timer) {
        unsigned long long expired;
        (void)!read(timer, &expired, sizeof expired);
        turn();
      } else if (fd == listener) {
        int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK), on = 1;
        if (client < 0 || client >= FILES) continue;
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (client > highest) highest = client;
        event.data.fd = client, epoll_ctl(epoll, EPOLL_CTL_ADD, client, &event);
      } else {
        receive(fd);
      }
    }
  }
}
