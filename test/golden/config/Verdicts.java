// Asks Apache's QuorumPeerConfig what it makes of every case in cases.txt; prints one line each.
//
//   java -cp zookeeper.jar:slf4j-nop.jar Verdicts.java < cases.txt > verdicts.tsv
//
// Made with Debian's zookeeper 3.8.0, Java 17. Columns: case, accepted|refused, values or message.
import java.io.*;
import java.net.InetSocketAddress;
import java.nio.file.*;
import java.util.*;
import org.apache.zookeeper.server.quorum.QuorumPeer.QuorumServer;
import org.apache.zookeeper.server.quorum.QuorumPeerConfig;

public class Verdicts {
    public static void main(String[] args) throws Exception {
        String input = new String(System.in.readAllBytes(), "UTF-8");
        String name = null;
        Map<String, StringBuilder> files = new LinkedHashMap<>();
        String file = null;
        for (String line : (input + "\n### ").split("\n", -1)) {
            if (line.startsWith("### ")) {
                if (name != null) judge(name, files);
                name = line.substring(4);
                files.clear();
                file = "zoo.cfg";
                files.put(file, new StringBuilder());
            } else if (line.startsWith("--- ")) {
                file = line.substring(4);
                files.put(file, new StringBuilder());
            } else if (name != null) {
                files.get(file).append(line).append('\n');
            }
        }
    }

    static void judge(String name, Map<String, StringBuilder> files) throws Exception {
        Path dir = Files.createTempDirectory("verdict");
        for (Map.Entry<String, StringBuilder> f : files.entrySet()) {
            String text = f.getValue().toString().replace("@DIR@", dir.toString());
            Files.write(dir.resolve(f.getKey()), text.getBytes("UTF-8"));
        }
        // Both outlive a configuration: the switches are static, unknown keys become properties.
        QuorumPeerConfig.setStandaloneEnabled(true);
        QuorumPeerConfig.setReconfigEnabled(false);
        for (Object key : new ArrayList<>(System.getProperties().keySet())) {
            if (key.toString().startsWith("zookeeper.")) System.clearProperty(key.toString());
        }
        // The switch for several addresses is read before the file that sets it.
        if (files.get("zoo.cfg").toString().contains("multiAddress.enabled=true")) {
            System.setProperty("zookeeper.multiAddress.enabled", "true");
        }
        QuorumPeerConfig config = new QuorumPeerConfig();
        String verdict;
        try {
            config.parse(dir.resolve("zoo.cfg").toString());
            verdict = "accepted\t" + show(config);
        } catch (Throwable thrown) {
            Throwable cause = thrown;
            while (cause.getCause() != null) cause = cause.getCause();
            verdict = "refused\t" + cause.getMessage();
        }
        System.out.println(name + "\t" + verdict.replace(dir.toString(), "@DIR@").replace('\n', ' '));
        for (File f : dir.toFile().listFiles()) f.delete();
        dir.toFile().delete();
    }

    static String show(QuorumPeerConfig c) {
        StringBuilder out = new StringBuilder();
        InetSocketAddress client = c.getClientPortAddress();
        out.append("tickTime=").append(c.getTickTime());
        out.append(" timeouts=").append(c.getMinSessionTimeout()).append("..").append(c.getMaxSessionTimeout());
        out.append(" maxClientCnxns=").append(c.getMaxClientCnxns());
        out.append(" backlog=").append(c.getClientPortListenBacklog());
        out.append(" client=").append(client == null ? "none" : address(client));
        out.append(" snapRetainCount=").append(c.getSnapRetainCount());
        out.append(" peerType=").append(c.getPeerType().toString().toLowerCase());
        out.append(" distributed=").append(c.isDistributed());
        out.append(" id=").append(c.getServerId() == -1 ? "none" : c.getServerId());
        out.append(" version=").append(Long.toHexString(c.getQuorumVerifier().getVersion()));
        for (QuorumServer s : new TreeMap<>(c.getServers()).values()) {
            out.append(" ").append(s.id).append('=').append(s.type.toString().toLowerCase());
            TreeSet<String> peers = new TreeSet<>();
            for (InetSocketAddress a : s.addr.getAllAddresses()) peers.add(address(a));
            TreeSet<String> elections = new TreeSet<>();
            for (InetSocketAddress a : s.electionAddr.getAllAddresses()) elections.add(address(a));
            out.append(peers).append(elections);
            out.append(s.clientAddr == null || s.isClientAddrFromStatic ? "" : address(s.clientAddr));
            boolean votes = c.getQuorumVerifier().getVotingMembers().containsKey(s.id);
            out.append('*').append(votes ? c.getQuorumVerifier().getWeight(s.id) : 0);
        }
        return out.toString();
    }

    static String address(InetSocketAddress a) {
        String host = a.getHostString();
        return (host.equals("0:0:0:0:0:0:0:0") ? "0.0.0.0" : host) + ":" + a.getPort();
    }
}
