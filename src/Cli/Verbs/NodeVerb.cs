using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using FitCluster.Cli.Cluster;
using FitCluster.Cli.Output;
using FitCluster.Data;
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

    public static Command Create()
    {
        var cluster = new ClusterOptions();
        var capacity = Options.Text("--capacity", "N", $"the most shards this node hosts (default {DefaultCapacity})");
        var coordinators = Options.Text(
            "--coordinators", "N", $"the most coordinators (default {DefaultCoordinators}; 0 for a node that only works)");
        var name = Options.Text(NodeChild.NameOption, "NAME", "the node's name (default: host, process and a random part)");
        var addresses = new NodeAddressOptions();
        var threads = Options.Text("--threads", "N", "threads (default: all cores)");
        var drain = Options.Text("--drain-seconds", "S", $"how long handing over may take on SIGTERM (default {DefaultDrainSeconds})");
        var supervise = Options.Switch(
            NodeChild.SuperviseOption, "run the node as a child, start it again when it crashes, and note in the store how it ended");
        var command = new Command("node", "Joins a cluster: hosts shards and coordinators until SIGTERM, and then hands them over.")
        {
            capacity, coordinators, name, threads, drain, supervise,
        };
        cluster.AddTo(command);
        addresses.AddTo(command);
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

            var options = addresses.Read(result, new NodeOptions
            {
                Store = cluster.Store(result, problems),
                Name = result.GetValue(name) ?? NewName(),
                Capacity = Number(capacity, 0, 1000, DefaultCapacity),
                Coordinators = Number(coordinators, 0, 1000, DefaultCoordinators),
                Threads = Number(threads, 1, 1024, Environment.ProcessorCount),
                Drain = TimeSpan.FromSeconds(Number(drain, 1, 3600, DefaultDrainSeconds)),
            }, problems);
            if (!JobName.IsValid(options.Name))
            {
                problems.Add(
                    $"--name '{options.Name}' is not allowed: use 1 to 128 letters, digits, '.', '_' or '-', not starting with '.'");
            }

            if (options is { Capacity: 0, Coordinators: 0 })
            {
                problems.Add("--capacity 0 and --coordinators 0 leave this node nothing to do: give one of them");
            }

            var isSupervised = result.GetValue(supervise);
            if (isSupervised && options.Name.Length > NodeSupervisor.LongestName)
            {
                problems.Add(
                    $"--name has {options.Name.Length} characters; with --supervise it may have {NodeSupervisor.LongestName}, " +
                    "as each start adds its number");
            }

            problems.ThrowIfAny();
            using var inputs = InputFiles.Refusing("give a file that every node has, or a URL");
            return isSupervised ? Supervise(options, [.. result.Tokens.Select(token => token.Value)]) : Run(options);
        });
        return command;
    }

    /// <summary>Host, process and a random part.</summary>
    private static string NewName()
    {
        var host = new string([.. Environment.MachineName.Where(char.IsAsciiLetterOrDigit)]);
        return $"{host}-{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..4]}";
    }

    private static int Run(NodeOptions options)
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
            else if (context.Signal != PosixSignal.SIGHUP && Environment.TickCount64 - first > OneSignalMilliseconds)
            {
                Terminal.Error.WriteLine("stopped at once: other nodes go on from the last checkpoints");
                Environment.Exit(ExitCode.Interrupted);
            }
        }

        using var signals = new EndSignals(Signalled);
        NodeRun.Run(options, Terminal.Error.WriteLine, stop.Task).GetAwaiter().GetResult();
        return ExitCode.Done;
    }

    private static int Supervise(NodeOptions options, IReadOnlyList<string> arguments)
    {
        var supervisor = new NodeSupervisor(options, name => NodeChild.Start(arguments, name), Terminal.Error.WriteLine);
        using var handled = Interruption.HandledHere();
        using var signals = new EndSignals(context =>
        {
            context.Cancel = true;
            supervisor.Stop(context.Signal == PosixSignal.SIGINT ? ChildEnd.Interrupt : ChildEnd.Terminate);
        });
        return supervisor.Run().GetAwaiter().GetResult();
    }
}
