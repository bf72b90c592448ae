/* An echo client that moves its bytes by one of the system's pairs of calls.

   usage: client port file|socket|vector|message */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *pieces[] = {"the quick brown fox ", "jumps over ", "the lazy dog\n"};
static int server;
static char kind;

static void put(const char *text) {
    size_t length = strlen(text), half = length / 2;
    struct iovec vector[2] = {{(void *)text, half}, {(void *)(text + half), length - half}};
    struct msghdr message = {.msg_iov = vector, .msg_iovlen = 2};
    ssize_t sent = kind == 'f'   ? write(server, text, length)
                   : kind == 's' ? send(server, text, length, 0)
                   : kind == 'v' ? writev(server, vector, 2)
                                 : sendmsg(server, &message, 0);
    if (sent != (ssize_t)length) exit(1);
}

static ssize_t get(char *buffer, size_t size) {
    struct iovec vector[2] = {{buffer, 4}, {buffer + 4, size - 4}};
    struct msghdr message = {.msg_iov = vector, .msg_iovlen = 2};
    return kind == 'f'   ? read(server, buffer, size)
           : kind == 's' ? recv(server, buffer, size, 0)
           : kind == 'v' ? readv(server, vector, 2)
                         : recvmsg(server, &message, 0);
}

int main(int count, char **words) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};
    char buffer[16];
    ssize_t length;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    kind = words[2][0];
    server = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(server, (struct sockaddr *)&address, sizeof address) < 0) return 1;
    for (int piece = 0; piece < 3; piece++) put(pieces[piece]);
    shutdown(server, SHUT_WR);
    while ((length = get(buffer, sizeof buffer)) > 0) fwrite(buffer, 1, length, stdout);
    close(server);
    return 0;
}
