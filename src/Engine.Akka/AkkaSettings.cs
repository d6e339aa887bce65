using System.Globalization;
using Akka.Cluster.Sharding;
using Akka.Cluster.Tools.Singleton;
using Akka.Configuration;

namespace FitCluster.Engine;

/// <summary>The settings of Akka.NET, as it reads them, each with its reason (measured: docs/protocol.md).</summary>
internal static class AkkaSettings
{
    public const string SystemName = "fitcluster";

    /// <summary>The role of every member: that it hosts actors.</summary>
    public const string HostRole = "host";

    private const string CapacityWord = "-capacity-";

    /// <summary>
    /// Which of several nodes can be members together: raised with every change of the letters, the links or the settings below that two
    /// nodes have to agree upon.
    /// </summary>
    public const int Protocol = 1;

    /// <summary>The role that says how many actors of a kind a member hosts.</summary>
    public static string CapacityRole(string kind, int capacity) =>
        string.Create(CultureInfo.InvariantCulture, $"{kind}{CapacityWord}{capacity}");

    /// <summary>How many actors of a kind a member of these roles hosts; null when the roles do not say.</summary>
    public static int? CapacityOf(IEnumerable<string> roles, string kind)
    {
        foreach (var role in roles)
        {
            if (role.StartsWith(kind + CapacityWord, StringComparison.Ordinal) &&
                int.TryParse(
                    role.AsSpan(kind.Length + CapacityWord.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var capacity))
            {
                return capacity;
            }
        }

        return null;
    }

    /// <summary>The role by which others know the port of a member's links.</summary>
    public static string LinkRole(int port) => string.Create(CultureInfo.InvariantCulture, $"link-{port}");

    /// <summary>The port of a member's links; 0 when its roles do not say.</summary>
    public static int LinkPortOf(IEnumerable<string> roles) => roles
        .Where(role => role.StartsWith("link-", StringComparison.Ordinal))
        .Select(role => int.TryParse(role.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port : 0)
        .FirstOrDefault();

    public static Config Of(AkkaOptions options, string host, string publicHost, int publicPort, IEnumerable<string> roles)
    {
        var drain = string.Create(CultureInfo.InvariantCulture, $"{options.Drain.TotalSeconds:F0}s");
        var isTls = options.Certificates is not null ? "true" : "false";
        var level = Environment.GetEnvironmentVariable("FITCLUSTER_AKKA_LOG") is { Length: > 0 } wanted ? wanted : "OFF";
        return ConfigurationFactory.ParseString($$"""
            akka {
              # What a user should know is said by the engine in sentences of its own.
              # FITCLUSTER_AKKA_LOG=DEBUG is for who looks for a fault of Akka.
              loglevel = "{{level}}", stdout-loglevel = "OFF", log-dead-letters = off, log-dead-letters-during-shutdown = off
              loggers = ["{{typeof(AkkaLog).FullName}}, FitCluster.Engine.Akka"]
              # Every tick wakes a thread, of an idle node too: at 10 ms, as Akka has it, that is half of what an idle node takes.
              scheduler.tick-duration = 30ms
              actor {
                provider = cluster
                # No type is named on the wire but those of Akka's own protocols:
                # what would need the serializer of arbitrary objects is refused.
                serializers {
                  letter = "{{typeof(LetterSerializer).FullName}}, FitCluster.Engine.Akka"
                  json = "{{typeof(RefusingSerializer).FullName}}, FitCluster.Engine.Akka"
                }
                serialization-bindings { "{{typeof(Letter).FullName}}, FitCluster.Engine.Akka" = letter }
                serialization-identifiers { "{{typeof(RefusingSerializer).FullName}}, FitCluster.Engine.Akka" = 1 }
              }
              remote {
                # A node that comes back under its old address is not to be ignored for long.
                retry-gate-closed-for = 1s
                dot-netty.tcp {
                  hostname = "{{host}}", port = {{options.Listen.Port}}, public-hostname = "{{publicHost}}", public-port = {{publicPort}}
                  # Letters only: arrays go by links, and what is larger waits for one.
                  maximum-frame-size = 1MiB, send-buffer-size = 1MiB, receive-buffer-size = 1MiB
                  enable-ssl = {{isTls}}
                }
              }
              # The process ends when the program says so; a system that is ended without having drained has to look like one that has died.
              coordinated-shutdown {
                exit-clr = off, run-by-clr-shutdown-hook = off, run-by-actor-system-terminate = off, default-phase-timeout = 10s
                phases.cluster-sharding-shutdown-region.timeout = {{drain}}
              }
              cluster {
                roles = [{{string.Join(", ", roles.Select(role => $"\"{role}\""))}}]
                seed-nodes = []
                allow-weakly-up-members = off
                # Suspicion is slow, proof is fast: of a process that has ended the links tell; a starved node is not a dead one.
                failure-detector {
                  implementation-class = "{{typeof(ConfirmedFailureDetector).FullName}}, FitCluster.Engine.Akka"
                  heartbeat-interval = 500ms, acceptable-heartbeat-pause = 4s
                }
                unreachable-nodes-reaper-interval = 200ms, gossip-interval = 300ms, leader-actions-interval = 200ms
                periodic-tasks-initial-delay = 100ms
                seed-node-timeout = 2s, retry-unsuccessful-join-after = 1s
                # Never 0 or off: stable-after would be waited for instead, by the regions too.
                down-removal-margin = 20ms
                # Of two parts that do not see each other the one that gets the lease in the store goes on: right for two nodes as well.
                downing-provider-class = "Akka.Cluster.SBR.SplitBrainResolverProvider, Akka.Cluster"
                split-brain-resolver {
                  active-strategy = lease-majority, stable-after = 1s, down-all-when-unstable = 10s
                  lease-majority { lease-implementation = "fitcluster.lease", acquire-lease-delay-for-minority = 1s, role = "{{HostRole}}" }
                }
                run-coordinated-shutdown-when-down = on
                singleton { hand-over-retry-interval = 100ms, min-number-of-hand-over-retries = 10 }
                # Nothing is remembered on disk: what is to run is in the store, and who is woken finds it there.
                sharding {
                  role = "{{HostRole}}", state-store-mode = ddata, remember-entities = off, passivate-idle-entity-after = off
                  retry-interval = 100ms, coordinator-failure-backoff = 200ms, rebalance-interval = 1s, handoff-timeout = {{drain}}
                  distributed-data { durable.keys = [], majority-min-cap = 1, gossip-interval = 500ms, notify-subscribers-interval = 100ms }
                }
              }
            }
            fitcluster.lease {
              lease-class = "{{typeof(StoreLease).FullName}}, FitCluster.Engine.Akka"
              heartbeat-timeout = 10s, heartbeat-interval = 2s, lease-operation-timeout = 3s
            }
            """)
            .WithFallback(ClusterSharding.DefaultConfig())
            .WithFallback(ClusterSingleton.DefaultConfig())
            .WithFallback(Akka.DistributedData.DistributedData.DefaultConfig());
    }
}
