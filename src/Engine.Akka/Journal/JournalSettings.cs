using System.Text.Encodings.Web;
using System.Text.Json;
using Akka.Configuration;
using Akka.Persistence.Sql;

namespace FitCluster.Engine;

/// <summary>The settings of the actor system that hosts the journals of jobs, each with its reason.</summary>
internal static class JournalSettings
{
    public const string SystemName = "journals";

    /// <summary>The threads of the journals' own: on them they wait for the database.</summary>
    public const string Dispatcher = "fitcluster.journal-dispatcher";

    private static readonly JsonSerializerOptions Quoted = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Config Of(JournalDatabase database)
    {
        var level = Environment.GetEnvironmentVariable("FITCLUSTER_AKKA_LOG") is { Length: > 0 } wanted ? wanted : "OFF";
        return ConfigurationFactory.ParseString($$"""
            akka {
              loglevel = "{{level}}", stdout-loglevel = "OFF", log-dead-letters = off, log-dead-letters-during-shutdown = off
              loggers = ["{{typeof(AkkaLog).FullName}}, FitCluster.Engine.Akka"]
              actor {
                # What is written has a form of our own, without types by name; nothing else is written.
                serializers {
                  job = "{{typeof(JournalSerializer).FullName}}, FitCluster.Engine.Akka"
                  json = "{{typeof(RefusingSerializer).FullName}}, FitCluster.Engine.Akka"
                }
                serialization-bindings { "{{typeof(JobChange).FullName}}, FitCluster.Engine" = job }
                serialization-identifiers { "{{typeof(RefusingSerializer).FullName}}, FitCluster.Engine.Akka" = 1 }
              }
              # Nothing here is in a hurry: an idle node is to cost nothing.
              scheduler.tick-duration = 100ms
              coordinated-shutdown { exit-clr = off, run-by-clr-shutdown-hook = off, run-by-actor-system-terminate = off }
              persistence {
                # A job's entries are few: all of them are read, and no snapshots taken.
                snapshot-store.plugin = "akka.persistence.no-snapshot-store"
                journal.plugin = "akka.persistence.journal.sql"
                journal.sql {
                  class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql"
                  provider-name = {{Text(database.Provider)}}, connection-string = {{Text(database.Connection)}}
                  default { schema-name = {{Text(database.Schema)}}, journal.table-name = {{JournalDatabase.Table}} }
                  # The stores' migrations make the table: several processes that do so at once hung for half a minute.
                  auto-initialize = off
                  tag-write-mode = Csv
                  plugin-dispatcher = {{Dispatcher}}, materializer-dispatcher = {{Dispatcher}}, parallelism = 2
                  # A database that is away is told to who asks, who asks again; and is soon tried again.
                  circuit-breaker { max-failures = 10, call-timeout = 10s, reset-timeout = 2s }
                  recovery-event-timeout = 10s
                  # Two writers of one number are told apart by the database: of what it has taken nothing is to be left out.
                  replay-filter.mode = off
                }
              }
            }
            {{Dispatcher}} {
              type = ForkJoinDispatcher, throughput = 20
              dedicated-thread-pool { thread-count = 3, threadtype = background }
            }
            """)
            .WithFallback(SqlPersistence.DefaultConfiguration);
    }

    private static string Text(string value) => JsonSerializer.Serialize(value, Quoted);
}
