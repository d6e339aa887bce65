using System.Globalization;

namespace FitCluster.Runner;

/// <summary>What ./test says in the end.</summary>
internal static class Report
{
    private const int Slowest = 20;
    private const int StackLines = 6;

    /// <summary>Prints it; the exit code.</summary>
    public static int Print(IReadOnlyList<TestOutcome> outcomes)
    {
        var tests = outcomes.SelectMany(o => o.Tests).ToList();
        foreach (var reason in tests.Where(t => t.End == TestEnd.Skipped).GroupBy(t => t.Message).OrderBy(
            g => g.Key, StringComparer.Ordinal))
        {
            Console.WriteLine($"skipped, as {reason.Key}:");
            foreach (var test in reason)
            {
                Console.WriteLine($"  {Short(test.Name)}");
            }
        }

        foreach (var test in tests.Where(t => t.End == TestEnd.Failed))
        {
            Console.WriteLine($"FAILED {Short(test.Name)}");
            var stack = test.Stack.Split('\n').Take(StackLines);
            Console.WriteLine("  " + string.Join("\n  ", test.Message.Split('\n').Concat(stack).Select(line => line.TrimEnd())));
        }

        foreach (var outcome in outcomes.OrderBy(o => o.Name, StringComparer.Ordinal))
        {
            Console.WriteLine(outcome.Line);
        }

        foreach (var test in tests.OrderByDescending(t => t.Seconds).Take(Slowest))
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{test.Seconds,7:F1} s  {Short(test.Name)}"));
        }

        var deaths = outcomes.Count(o => o.Death is not null);
        var (passed, failed) = (outcomes.Sum(o => o.Count(TestEnd.Passed)), outcomes.Sum(o => o.Count(TestEnd.Failed)) + deaths);
        var skipped = outcomes.Sum(o => o.Count(TestEnd.Skipped));
        Console.WriteLine($"{CpuClock.OfChildren():F0} s of CPU in all");
        Console.WriteLine($"{passed} passed, {failed} failed, {skipped} skipped");
        return failed == 0 && passed > 0 ? 0 : 1;
    }

    private static string Short(string name) =>
        name.StartsWith("FitCluster.", StringComparison.Ordinal) ? name["FitCluster.".Length..] : name;
}
