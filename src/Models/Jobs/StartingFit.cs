using System.Security.Cryptography;
using System.Text;
using FitCluster.Models.Results;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Jobs;

/// <summary>The finished fit that a job starts from.</summary>
internal static class StartingFit
{
    /// <exception cref="ProblemException">There is no such fit, or it is of another model.</exception>
    public static FinishedFit Open(string folder, JobSpec spec)
    {
        if (!ModelKinds.Get(spec.Model).StartsFromFits)
        {
            throw ProblemException.BadInput(
                $"from has no effect with the model {spec.Model}, which starts from no finished fit: remove it");
        }

        if (spec.Out is { } output
            && Path.TrimEndingDirectorySeparator(output) == Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)))
        {
            throw ProblemException.BadInput($"from and out are both '{folder}', and a fit does not go over the one that it starts from: " +
                "give another --out");
        }

        if (!Directory.Exists(folder))
        {
            throw ProblemException.BadInput($"from: the folder '{folder}' is not there: give the --out of a finished fit, at a place " +
                "that every node of a cluster has");
        }

        var warnings = new List<string>();
        var fit = FinishedFit.Open(folder, warnings.Add);
        if (fit.Spec.Model != spec.Model)
        {
            throw ProblemException.BadInput(
                $"from: the fit in '{folder}' is of the model {fit.Spec.Model}, and this job is of {spec.Model}: give a fit of " +
                "the same model");
        }

        return warnings.Count == 0 && fit.Status != FinishedFit.Projected ? fit
            : throw ProblemException.BadInput($"from: the fit in '{folder}' is {fit.Status}: give one that converged or was stopped");
    }

    /// <summary>Refuses data whose columns are not those of the fit, in its order.</summary>
    public static void CheckColumns(FinishedFit fit, IReadOnlyList<string> names)
    {
        if (fit.Columns.Equal(names))
        {
            return;
        }

        var (own, at) = (fit.Columns.Names, 0);
        while (at < own.Count && at < names.Count && own[at] == names[at])
        {
            at++;
        }

        var words = own.Count != names.Count ? $"{own.Count} columns, and the data {names.Count}"
            : $"the column '{own[at]}' where the data have '{names[at]}' (column {at + 1})";
        throw ProblemException.BadInput($"from: the fit in '{fit.Folder}' has {words}: give data with its columns in its order, as " +
            "data.columns can");
    }

    /// <summary>The hash of data and of the fit's results: whatever of them is taken determines the result.</summary>
    public static string Hash(string dataHash, FinishedFit fit)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.ASCII.GetBytes(dataHash));
        var names = fit.Kind.ResultArrays.Select(name => name + ".npy").Concat(fit.Kind.OtherResults).Concat(["rows.tsv", "columns.tsv"]);
        foreach (var path in names.Order(StringComparer.Ordinal).Select(fit.At).Where(File.Exists))
        {
            using var file = File.OpenRead(path);
            hash.AppendData(Encoding.UTF8.GetBytes(Path.GetFileName(path)));
            hash.AppendData(SHA256.HashData(file));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
