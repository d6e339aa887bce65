using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using FitCluster.Cli.Cluster;
using FitCluster.Engine;
using FitCluster.Messages;
using FitCluster.Models;
using FitCluster.Models.Spec;
using FitCluster.Node;

namespace FitCluster.Cli.Verbs;

/// <summary><c>fitcluster node</c>: joins a cluster, and hosts what it is given until it is told to stop.</summary>
internal static class NodeVerb
{
    private const int DefaultCapacity = 64;
    private const int DefaultCoordinators = 256;
    private const int DefaultDrainSeconds = 25;

    /// <summary>Ctrl-C comes from the terminal and from a supervisor: within this time both are one.</summary>
    private const int OneSignalMilliseconds = 500;

    private static readonly TimeSpan JoinLimit = TimeSpan.FromSeconds(10);

    public static Command Create()
    {
        var cluster = new ClusterOptions();
        var capacity = Options.Text("--capacity", "N", $"the most shards this node hosts (default {DefaultCapacity})");
        var coordinators = Options.Text("--coordinators", "N", $"the most coordinators (default {DefaultCoordinators}; 0 for a node that only works)");
        var name = Options.Text("--name", "NAME", "the node's name (default: host, process and a random part)");
        var listen = Options.Text("--listen", "HOST:PORT", "where /healthz/live and /healthz/ready are answered (default: nowhere)");
        var threads = Options.Text("--threads", "N", "threads (default: all cores)");
        var drain = Options.Text("--drain-seconds", "S", $"how long handing over may take on SIGTERM (default {DefaultDrainSeconds})");
        var supervise = Options.Switch("--supervise", "run the node as a child, start it again when it crashes, and note in the store how it ended");
        var command = new Command("node", "Joins a cluster: hosts shards and coordinators until SIGTERM, and then hands them over.")
        {
            capacity, coordinators, name, listen, threads, drain, supervise,
        };
        cluster.AddTo(command);
        command.SetAction(result =>
        {
            var problems = new ProblemList();
            int Number(Option<string?> option, int least, int most, int otherwise)
            {
                var text = result.GetValue(option);
                if (text is null)
                {
                    return otherwise;
                }

                if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
                {
                    return value;
                }

                problems.Add($"{option.Name} is '{text}'; it must be a whole number from {least} to {most}");
                return otherwise;
            }

            var options = new NodeOptions
            {
                Broker = cluster.Broker(result, problems),
                Store = cluster.Store(result, problems),
                Name = result.GetValue(name) ?? $"{new string([.. Environment.MachineName.Where(char.IsAsciiLetterOrDigit)])}-{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..4]}",
                Capacity = Number(capacity, 0, 1000, DefaultCapacity),
                Coordinators = Number(coordinators, 0, 1000, DefaultCoordinators),
                Threads = Number(threads, 1, 1024, Environment.ProcessorCount),
                Listen = result.GetValue(listen),
                Drain = TimeSpan.FromSeconds(Number(drain, 1, 3600, DefaultDrainSeconds)),
            };
            if (!JobName.IsValid(options.Name))
            {
                problems.Add($"--name '{options.Name}' is not allowed: use 1 to 128 letters, digits, '.', '_' or '-', not starting with '.'");
            }

            if (options is { Capacity: 0, Coordinators: 0 })
            {
                problems.Add("--capacity 0 and --coordinators 0 leave this node nothing to do: give one of them");
            }

            var health = options.Listen is { } where ? HealthServer.Parse(where, problems) : null;
            if (result.GetValue(supervise))
            {
                if (options.Name.Length > NodeSupervisor.LongestName)
                {
                    problems.Add($"--name has {options.Name.Length} characters; with --supervise it may have {NodeSupervisor.LongestName}, as each start adds its number");
                }

                problems.ThrowIfAny();
                return new NodeSupervisor(options, [.. result.Tokens.Select(token => token.Value)]).Run().GetAwaiter().GetResult();
            }

            problems.ThrowIfAny();
            return Run(options, health).GetAwaiter().GetResult();
        });
        return command;
    }

    private static async Task<int> Run(NodeOptions options, System.Net.IPEndPoint? health)
    {
        using var handled = Interruption.HandledHere();
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var since = 0L;
        void Signalled(PosixSignalContext context)
        {
            context.Cancel = true;
            var first = Interlocked.CompareExchange(ref since, Environment.TickCount64, 0);
            if (first == 0)
            {
                stop.TrySetResult();
            }
            else if (Environment.TickCount64 - first > OneSignalMilliseconds)
            {
                Console.Error.WriteLine("stopped at once: other nodes go on from the last checkpoints");
                Environment.Exit(ExitCode.Interrupted);
            }
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Signalled);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Signalled);
        NodeHost? node = null;
        await using var server = health is null ? null : await HealthServer.Start(health, () => node is null ? "the node is joining" : node.NotReady).ConfigureAwait(false);
        using var telemetry = Telemetry.Start(options.Name);
        node = await Join(options, stop.Task).ConfigureAwait(false);
        if (node is null)
        {
            return ExitCode.Done;
        }

        await stop.Task.ConfigureAwait(false);
        await node.Drain().ConfigureAwait(false);
        await node.DisposeAsync().ConfigureAwait(false);
        return ExitCode.Done;
    }

    /// <summary>Joins; what cannot be reached is tried for a while, since all of a cluster may be starting. Null when told to stop meanwhile.</summary>
    private static async Task<NodeHost?> Join(NodeOptions options, Task stop)
    {
        var until = Environment.TickCount64 + (long)JoinLimit.TotalMilliseconds;
        while (!stop.IsCompleted)
        {
            PostgresStore? store = null;
            try
            {
                store = await ClusterOptions.Connect(options.Store).ConfigureAwait(false);
                return await NodeHost.Start(options, store, store.ToString()).ConfigureAwait(false);
            }
            catch (Exception error) when (error is BrokerException or ClusterStoreException or ProblemException { ExitCode: ExitCode.Unreachable })
            {
                if (store is not null)
                {
                    await store.DisposeAsync().ConfigureAwait(false);
                }

                if (Environment.TickCount64 > until)
                {
                    throw error as ProblemException ?? new ProblemException(ExitCode.Unreachable, error.Message, error);
                }
            }

            await Task.WhenAny(stop, Task.Delay(500)).ConfigureAwait(false);
        }

        return null;
    }
}
