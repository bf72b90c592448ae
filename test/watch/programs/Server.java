// An echo server for two clients, with a thread for each.
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

public class Server {
    public static void main(String[] words) throws IOException {
        try (ServerSocket listener = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            System.err.println("peer: listening on port " + listener.getLocalPort());
            for (int clients = 0; clients < 2; clients++) {
                Socket client = listener.accept();
                new Thread(() -> echo(client)).start();
            }
        }
    }

    private static void echo(Socket client) {
        try (client) {
            client.getInputStream().transferTo(client.getOutputStream());
        } catch (IOException failure) {
            System.err.println(failure);
        }
    }
}
