using System.Globalization;
using System.Text;
using Xunit;

namespace FitCluster.Cluster.Tests;

/// <summary>
/// Measures what each fault costs, and writes a table: bench/recovery sets FITCLUSTER_RECOVERY to the number of repeats, and
/// FITCLUSTER_RECOVERY_TABLE to the file.
/// </summary>
public sealed class RecoveryTable(EbmfFit fit, ITestOutputHelper output)
{
    private static readonly Fault[] Faults =
    [
        Fault.None, Fault.Worker, Fault.Coordinator, Fault.Oldest, Fault.Two, Fault.All, Fault.Terminated, Fault.KilledHandingOver,
        Fault.RollingRestart, Fault.FrozenWorker(20), Fault.FrozenCoordinator(20),
    ];

    [Fact]
    public async Task Measure()
    {
        var repeats = int.TryParse(Environment.GetEnvironmentVariable("FITCLUSTER_RECOVERY"), out var wanted) ? wanted : 0;
        Assert.SkipUnless(repeats > 0, "only by bench/recovery");
        var table = new StringBuilder(
            "| what happened | seconds to progress, median (least to most) | rounds redone, median (most) | runs |\n|---|---|---|---|\n");
        await using var standing = new StandingCluster();
        foreach (var fault in Faults)
        {
            var runs = new List<FaultRun>();
            var failed = "";
            for (var repeat = 0; repeat < repeats; repeat++)
            {
                try
                {
                    runs.Add(await standing.Run(fit, fault));
                    output.WriteLine(
                        FormattableString.Invariant($"{fault.Words}: {runs[^1].SecondsToProgress:F2} s, {runs[^1].Redone} rounds"));
                }
                catch (Xunit.Sdk.XunitException error)
                {
                    failed += $"{fault.Words}: {error.Message}\n";
                    output.WriteLine(failed);
                }
            }

            var (seconds, redone) = (Sorted(runs.Select(r => r.SecondsToProgress)), Sorted(runs.Select(r => (double)r.Redone)));
            var again = redone.Count > 0 ? FormattableString.Invariant($"{redone[redone.Count / 2]} ({redone[^1]})") : "";
            table.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {fault.Words} | {Text(seconds)} | {again} | {runs.Count}{(failed.Length > 0 ? $" of {repeats}" : "")} |");
        }

        var file = Environment.GetEnvironmentVariable("FITCLUSTER_RECOVERY_TABLE");
        if (file is not null)
        {
            await File.WriteAllTextAsync(file, table.ToString());
        }

        output.WriteLine(table.ToString());
    }

    private static List<double> Sorted(IEnumerable<double> values) => [.. values.Where(double.IsFinite).Order()];

    private static string Text(List<double> s) =>
        s.Count == 0 ? "" : FormattableString.Invariant($"{s[s.Count / 2]:F1} ({s[0]:F1} to {s[^1]:F1})");
}
