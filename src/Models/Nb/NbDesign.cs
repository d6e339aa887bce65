using FitCluster.Data;
using FitCluster.Math.NegativeBinomial;
using FitCluster.Models.Jobs;
using FitCluster.Models.Spec;

namespace FitCluster.Models.Nb;

/// <summary>The datasets of a job, and the factors of its design, which are combinations of levels that occur.</summary>
/// <param name="Datasets">The datasets: as given, or the combinations of the factors' levels.</param>
/// <param name="Factors">The factors, and after them their interactions.</param>
internal sealed record NbDesign(RowGroups Datasets, IReadOnlyList<NbFactor> Factors)
{
    /// <summary>Reads tables; every problem is noted.</summary>
    /// <returns>Null where there was a problem.</returns>
    public static NbDesign? Read(DataSpec spec, SpecSection section, MatrixSource data, ProblemList problems)
    {
        var before = problems.Count;
        var design = section.Get(NbFields.Design);
        var given = Try(problems, () => RowGroups.Datasets(spec, data));
        if (given is null || design.Factors.Count == 0)
        {
            return given is null ? null : new NbDesign(given, []);
        }

        var rows = new NameIndex(data.RowNames, "row", "the data");
        var read = new List<(NbFactorSpec Spec, RowGroups Groups)>();
        foreach (var factor in design.Factors)
        {
            if (Try(problems, () => Levels(factor, spec.Datasets is null ? null : given, data, rows)) is { } levels)
            {
                read.Add((factor, levels));
            }
        }

        if (problems.Count > before)
        {
            return null;
        }

        var datasets = spec.Datasets is null ? RowGroups.Crossed([.. read.Select(one => one.Groups)]) : given;
        var factors = read.Select(one => Factor(one.Spec.Name, one.Groups, datasets, one.Spec.IsFixed, one.Spec.Hierarchy, one.Spec.Scale))
            .ToList();
        foreach (var interaction in section.Get(NbFields.Interactions))
        {
            (NbFactorSpec Spec, RowGroups Groups)[] of =
                [.. interaction.Split(':').Select(name => read.Find(one => one.Spec.Name == name))];
            var isFixed = Array.TrueForAll(of, one => one.Spec.IsFixed);
            factors.Add(Factor(
                interaction, RowGroups.Crossed([.. of.Select(one => one.Groups)]), datasets, isFixed,
                isFixed ? NbHierarchy.None : of.First(one => !one.Spec.IsFixed).Spec.Hierarchy, of.Max(one => one.Spec.Scale)));
        }

        foreach (var factor in factors.Where(factor => factor.Levels.Count < 2))
        {
            problems.Add($"nb.design: the factor '{factor.Name}' has one level, '{factor.Levels[0]}', so that it tells nothing: take it " +
                "out");
        }

        return problems.Count > before ? null
            : new NbDesign(datasets with { Notes = [.. read.SelectMany(one => one.Groups.Notes)] }, factors);
    }

    // A table of the datasets' names, or of cells'.
    private static RowGroups Levels(NbFactorSpec factor, RowGroups? datasets, MatrixSource data, NameIndex rows)
    {
        var what = $"nb.design, factor '{factor.Name}'";
        bool IsDataset(string name) => datasets?.Names.Contains(name) == true;
        var table = RowTable.Read(factor.Table, factor.Column, name => IsDataset(name) || rows.Has(name), what);
        if (datasets is null || !table.Lines.Any(line => IsDataset(line.Name)))
        {
            var byCell = RowGroups.Of(table, data, rows, what);
            return datasets is null || RowGroups.Crossed([datasets, byCell]).Names.Count == datasets.Names.Count ? byCell
                : throw ProblemException.BadInput(
                    $"{what}: cells of one dataset have different levels in '{factor.Table}': a level is a whole dataset's; leave " +
                    "data.datasets out, so that datasets are the combinations of levels");
        }

        var levels = table.Lines.Where(line => IsDataset(line.Name)).GroupBy(line => line.Name, line => line.Value)
            .ToDictionary(group => group.Key, group => group.First(), StringComparer.Ordinal);
        string[] lacking = [.. datasets.Names.Where(name => levels.GetValueOrDefault(name, "").Length == 0)];
        if (lacking.Length > 0)
        {
            throw ProblemException.BadInput(
                $"{what}: '{factor.Table}' has no level for {lacking.Length} of {datasets.Names.Count} datasets " +
                $"({RowGroups.Words(lacking)}): " +
                "add it");
        }

        string[] names = [.. datasets.Names.Select(name => levels[name]).Distinct()];
        return new RowGroups(names, [.. datasets.OfRow.Select(dataset => Array.IndexOf(names, levels[datasets.Names[dataset]]))]);
    }

    private static NbFactor Factor(
        string name, RowGroups levels, RowGroups datasets, bool isFixed, NbHierarchy hierarchy, double scale)
    {
        var of = new int[datasets.Names.Count];
        for (var row = 0; row < levels.OfRow.Length; row++)
        {
            of[datasets.OfRow[row]] = levels.OfRow[row];
        }

        return new NbFactor(name, levels.Names, of, isFixed ? NbHierarchy.None : hierarchy, scale);
    }

    private static T? Try<T>(ProblemList problems, Func<T> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (ProblemException e)
        {
            foreach (var problem in e.Problems)
            {
                problems.Add(problem);
            }

            return null;
        }
    }
}
