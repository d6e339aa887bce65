using Xunit;

namespace FitCluster.Repository.Tests;

/// <summary>Texts that change only on purpose: compared with files beside this one, which tests/approve writes anew.</summary>
internal static class Approved
{
    private static readonly bool Writes = Environment.GetEnvironmentVariable("FITCLUSTER_APPROVE") == "1";

    /// <summary>A text is what its file says.</summary>
    public static void Check(string file, string actual)
    {
        var path = WorkingCopy.At($"tests/Repository/{file}");
        if (Writes)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
            return;
        }

        var expected = File.Exists(path) ? File.ReadAllText(path) : "";
        var (were, are) = (expected.Split('\n'), actual.Split('\n'));
        var changes = were.Except(are).Select(line => $"- {line}").Concat(are.Except(were).Select(line => $"+ {line}"));
        Assert.True(expected == actual,
            $"tests/Repository/{file} is not what there is now. If that is meant, run tests/approve and commit what it changes:\n" +
            string.Join('\n', changes.Take(40)));
    }

    /// <summary>A folder has these files and no others.</summary>
    public static void CheckFiles(string folder, IEnumerable<string> names)
    {
        var path = WorkingCopy.At($"tests/Repository/{folder}");
        var surplus = Directory.GetFiles(path, "*.txt").Where(f => !names.Contains(Path.GetFileNameWithoutExtension(f))).ToList();
        if (Writes)
        {
            surplus.ForEach(File.Delete);
            return;
        }

        Assert.True(surplus.Count == 0, $"{string.Join(", ", surplus)}: there is no such thing any more; tests/approve deletes it");
    }
}
