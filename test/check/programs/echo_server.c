/* Sends one client's string back in 10,000 copies. usage: echo_server port */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define COPIES 10000

static char string[100000];
static char copies[COPIES * 1024];

static void send_all(int fd, const char *bytes, size_t left)
{
    while (left > 0) {
        ssize_t sent = send(fd, bytes, left, 0);
        if (sent < 0)
            exit(1);
        bytes += sent;
        left -= (size_t)sent;
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int listener = socket(AF_INET, SOCK_STREAM, 0), client, i;
    ssize_t length;

    if (argc != 2)
        return 2;
    address.sin_port = htons((unsigned short)atoi(argv[1]));
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 1) != 0)
        return 1;
    client = accept(listener, NULL, NULL);
    length = recv(client, string, sizeof string, 0);
    if (length < 0 || length > 1024)
        return 1;
    for (i = 0; i < COPIES; i++)
        memcpy(copies + i * length, string, (size_t)length);
    getchar();
    send_all(client, copies, (size_t)(COPIES * length));
    close(client);
    return 0;
}
