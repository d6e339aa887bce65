using FitCluster.Tests;
using Xunit;

namespace FitCluster.Cli.Tests.Cases;

/// <summary>
/// Every case of ../shared/cases against what is right (<see cref="CaseExpectations"/>); tests/cases runs these alone. A folder without an
/// expectation fails. FITCLUSTER_CASES names the cases to run, separated by spaces.
/// </summary>
[Trait(Effort.Quick, "no")]
public sealed class CaseTests
{
    private const string None = "none";

    // A case is one or a few processes of two threads, which start for most of their time.
    private static readonly SemaphoreSlim Turns = new(int.Max(2, Environment.ProcessorCount));

    private static readonly Lazy<Dictionary<string, Task<CaseRun>>> Runs = new(() =>
        Names().Where(CaseExpectations.All.ContainsKey).ToDictionary(name => name, name => Task.Run(() => Run(name))));

    public static TheoryData<string> Cases => [.. Names().DefaultIfEmpty(None)];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_case_ends_as_it_should(string name)
    {
        Assert.SkipWhen(name == None, "../shared/cases is not here");
        Assert.True(
            CaseExpectations.All.TryGetValue(name, out var expectation),
            $"there is no expectation of the case {name}: add it to CaseExpectations");
        Assert.SkipWhen(expectation.IsLong && !Effort.IsLong, "only under ./test --long");
        using var run = await Runs.Value[name];
        try
        {
            expectation.Check(run);
        }
        catch (Exception e) when (expectation.Pending is not null)
        {
            Assert.Skip($"not right yet ({expectation.Pending}): {e.Message.ReplaceLineEndings(" ")}");
        }
    }

    private static IEnumerable<string> Names()
    {
        var folder = SharedFolder.Root is { } root ? Path.Combine(root, "cases") : "";
        var wanted = Environment.GetEnvironmentVariable("FITCLUSTER_CASES")?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        return !Directory.Exists(folder) ? []
            : Directory.GetDirectories(folder).Select(path => Path.GetFileName(path))
                .Where(name => wanted.Length == 0 || wanted.Contains(name)).Order(StringComparer.Ordinal);
    }

    private static async Task<CaseRun> Run(string name)
    {
        var expectation = CaseExpectations.All[name];
        if (expectation.IsLong && !Effort.IsLong)
        {
            return null!;
        }

        await Turns.WaitAsync();
        try
        {
            return new CaseRun(Path.Combine(SharedFolder.Root!, "cases", name), Effort.IsLong ? null : expectation.Shorten);
        }
        finally
        {
            Turns.Release();
        }
    }
}
