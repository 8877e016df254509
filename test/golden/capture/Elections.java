package capture;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import org.apache.zookeeper.server.quorum.FastLeaderElection;
import org.apache.zookeeper.server.quorum.QuorumPeer;
import org.apache.zookeeper.server.quorum.QuorumPeer.ServerState;
import org.apache.zookeeper.server.quorum.SyncedLearnerTracker;
import org.apache.zookeeper.server.quorum.Vote;
import org.apache.zookeeper.server.quorum.flexible.QuorumHierarchical;
import org.apache.zookeeper.server.quorum.flexible.QuorumMaj;
import org.apache.zookeeper.server.quorum.flexible.QuorumVerifier;

/** What Apache's election takes for a quorum, for a better vote, and for the same one. */
public final class Elections extends FastLeaderElection {
    private static final Random RANDOM = new Random(20260101);

    private Elections(QuorumPeer peer) {
        super(peer, null);
    }

    public static void main(String[] args) throws Exception {
        Map<String, Object> all = Json.object("quorums", quorums(), "better", better(), "elected", elected());
        Files.writeString(Path.of(args[0]), Json.members(all));
    }

    private static void server(Properties lines, long id, boolean votes) {
        lines.setProperty("server." + id, "127.0.0.1:" + (2000 + id) + ":" + (3000 + id)
            + (votes ? ":participant" : ":observer"));
    }

    private static Properties membership(int servers, int groups, Map<String, Object> row) {
        Properties lines = new Properties();
        List<Object> voters = new ArrayList<>();
        List<List<Object>> members = new ArrayList<>();
        Map<String, Object> weights = new LinkedHashMap<>();
        for (int group = 0; group < groups; group++) {
            members.add(new ArrayList<>());
        }
        for (long id = 1; id <= servers; id++) {
            boolean votes = id == 1 || RANDOM.nextInt(6) > 0;
            server(lines, id, votes);
            if (votes) {
                voters.add(id);
            }
            if (groups == 0) {
                continue;
            }
            members.get(id <= groups ? (int) id - 1 : RANDOM.nextInt(groups)).add(id);
            if (!votes || RANDOM.nextBoolean()) {
                long weight = RANDOM.nextInt(4);
                lines.setProperty("weight." + id, "" + weight);
                weights.put("" + id, weight);
            }
        }
        for (int group = 0; group < groups; group++) {
            String text = "";
            for (Object id : members.get(group)) {
                text += (text.isEmpty() ? "" : ":") + id;
            }
            lines.setProperty("group." + (group + 1), text);
        }
        row.putAll(Json.object("voters", voters, "groups", members, "weights", weights));
        return lines;
    }

    private static QuorumVerifier verifier(Map<String, Object> row) throws Exception {
        int groups = RANDOM.nextInt(5);
        Properties lines = membership(Math.max(groups, 1) + RANDOM.nextInt(7), groups, row);
        return groups == 0 ? new QuorumMaj(lines) : new QuorumHierarchical(lines);
    }

    private static List<Object> quorums() throws Exception {
        List<Object> rows = new ArrayList<>();
        for (int i = 0; i < 600; i++) {
            SyncedLearnerTracker tracker = new SyncedLearnerTracker();
            List<Object> rules = new ArrayList<>();
            for (int rule = 0; rule < (i % 3 == 0 ? 2 : 1); rule++) {
                Map<String, Object> row = Json.object();
                tracker.addQuorumVerifier(verifier(row));
                rules.add(row);
            }
            List<Object> has = new ArrayList<>();
            for (long id = 1; id <= 12; id++) {
                if (RANDOM.nextInt(3) > 0) {
                    has.add(id);
                    tracker.addAck(id);
                }
            }
            rows.add(Json.object("rules", rules, "has", has, "quorum", tracker.hasAllQuorums()));
        }
        return rows;
    }

    private static Elections among(Properties lines, boolean hierarchical) throws Exception {
        QuorumPeer peer = new QuorumPeer();
        peer.setQuorumVerifier(hierarchical ? new QuorumHierarchical(lines) : new QuorumMaj(lines), false);
        return new Elections(peer);
    }

    private static List<Object> better() throws Exception {
        Properties lines = new Properties();
        for (long id = 1; id <= 5; id++) {
            server(lines, id, true);
        }
        lines.setProperty("group.1", "1:2:3:4:5");
        lines.setProperty("weight.3", "0");
        Elections election = among(lines, true);
        List<Object> rows = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            long[] v = new long[6];
            for (int part = 0; part < 6; part++) {
                v[part] = part % 3 == 0 ? 1 + RANDOM.nextInt(5) : RANDOM.nextInt(3) - 1;
            }
            rows.add(Json.object(
                "a", Arrays.asList(v[0], v[1], v[2]),
                "b", Arrays.asList(v[3], v[4], v[5]),
                "better", election.totalOrderPredicate(v[0], v[1], v[2], v[3], v[4], v[5])));
        }
        return rows;
    }

    /** As lookForLeader makes them: votes of a round have version 0, the one compared has the peer's. */
    private static List<Object> elected() throws Exception {
        Properties lines = new Properties();
        for (long id = 1; id <= 5; id++) {
            server(lines, id, true);
        }
        Elections election = among(lines, false);
        ServerState[] states = {ServerState.LOOKING, ServerState.FOLLOWING, ServerState.LEADING};
        List<Object> rows = new ArrayList<>();
        for (int i = 0; i < 1500; i++) {
            boolean ofRound = i % 2 == 0;
            Map<Long, Vote> votes = new LinkedHashMap<>();
            Map<String, Object> cast = new LinkedHashMap<>();
            Object last = null;
            Vote asked = null;
            for (long id = 1; id <= 5; id++) {
                int state = ofRound ? RANDOM.nextInt(3) : 1 + RANDOM.nextInt(2);
                long leader = 4 + RANDOM.nextInt(8) / 7;
                long zxid = RANDOM.nextInt(8) / 7;
                long round = ofRound ? 1 : RANDOM.nextInt(2);
                long epoch = RANDOM.nextInt(6) / 5;
                int version = ofRound ? 0 : 2;
                votes.put(id, new Vote(version, leader, zxid, round, epoch, states[state]));
                last = Arrays.asList(state, leader, zxid, round, epoch);
                asked = new Vote(state == 0 ? 0 : 2, leader, zxid, round, epoch, states[state]);
                cast.put("" + id, last);
            }
            rows.add(Json.object("ofRound", ofRound, "votes", cast, "vote", last,
                "elected", election.getVoteTracker(votes, asked).hasAllQuorums()));
        }
        return rows;
    }
}
