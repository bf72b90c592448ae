/* Sends a string and counts what comes back. usage: echo_client host port string */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char chunk[65536];

int main(int argc, char **argv)
{
    struct sockaddr_in server = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ssize_t count;

    if (argc != 4)
        return 2;
    server.sin_port = htons((unsigned short)atoi(argv[2]));
    inet_pton(AF_INET, argv[1], &server.sin_addr);
    if (connect(fd, (struct sockaddr *)&server, sizeof server) != 0)
        return 1;
    if (send(fd, argv[3], strlen(argv[3]), 0) < 0)
        return 1;
    while ((count = recv(fd, chunk, sizeof chunk, 0)) > 0) {
        printf("received %zd bytes\n", count);
    }
    close(fd);
    return count < 0;
}
