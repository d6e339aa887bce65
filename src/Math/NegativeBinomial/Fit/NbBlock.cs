namespace FitCluster.Math.NegativeBinomial;

/// <summary>Independent coordinates: t ~ N(mean, sd^2).</summary>
internal readonly record struct NbNormalPrior(int Coordinate, double Mean, double Sd);

/// <summary>
/// A hierarchy's prior of a gene's coordinates c, given its variance psi (by gene: horseshoe, NEG; for all genes: Gaussian): log p(c | psi)
/// = -(n_w log psi + S_w / psi + n_b log(psi + D) + S_b / (psi + D) + (n_w + n_b) log 2 pi) / 2, S_w = (c - loc e)' Q_w (c - loc e), S_b =
/// c' Q_b c. About a centre N(0, 1) by gene that is integrated out, of D leaves (covariance psi I + 1 1'): Q_w = I - 1 1' / D, Q_b = 1 1' /
/// D, n_w = D - 1, n_b = 1 (summed over groups that share psi). About a scalar, or about 0: Q_w = I.
/// </summary>
internal sealed class NbBlock
{
    /// <summary>A block on n coordinates.</summary>
    public NbBlock(string name, NbHierarchy hierarchy, int coordinates)
    {
        (Name, Hierarchy, Length) = (name, hierarchy, coordinates);
        (Within, Between, Marks) = (new double[coordinates * coordinates], new double[coordinates * coordinates], new double[coordinates]);
    }

    /// <summary>What the hierarchy is of.</summary>
    public string Name { get; }

    /// <summary>Its family and hyperparameters.</summary>
    public NbHierarchy Hierarchy { get; }

    /// <summary>n.</summary>
    public int Length { get; }

    /// <summary>Q_w, n x n.</summary>
    public double[] Within { get; }

    /// <summary>Q_b, n x n.</summary>
    public double[] Between { get; }

    /// <summary>e: 1 for coordinates about the scalar location.</summary>
    public double[] Marks { get; }

    /// <summary>n_w.</summary>
    public int WithinCount { get; private set; }

    /// <summary>n_b.</summary>
    public int BetweenCount { get; private set; }

    /// <summary>D of the groups with an integrated centre.</summary>
    public int Size { get; private set; } = 1;

    /// <summary>Index of the scalar location; -1: none.</summary>
    public int Location { get; init; } = -1;

    /// <summary>Gaussian: index of the raw scale (scale = softplus); horseshoe: of log tau; -1: none.</summary>
    public int Scale { get; init; } = -1;

    /// <summary>Horseshoe: index of log c^2; -1: none.</summary>
    public int Slab { get; init; } = -1;

    /// <summary>The only coordinate of a block of one, whose scale is integrated out for each value of it; else -1.</summary>
    public int Single { get; private set; } = -1;

    /// <summary>Adds leaves about a centre N(0, 1) that is integrated out.</summary>
    public void AddExchangeable(ReadOnlySpan<int> leaves)
    {
        Size = leaves.Length;
        foreach (var i in leaves)
        {
            foreach (var j in leaves)
            {
                Within[(i * Length) + j] += (i == j ? 1 : 0) - (1.0 / Size);
                Between[(i * Length) + j] += 1.0 / Size;
            }
        }

        WithinCount += Size - 1;
        BetweenCount++;
    }

    /// <summary>Adds coordinates about the scalar location, or about 0 where there is none.</summary>
    public void AddIndependent(ReadOnlySpan<int> coordinates)
    {
        foreach (var i in coordinates)
        {
            Within[(i * Length) + i]++;
            Marks[i] = Location >= 0 ? 1 : 0;
            Single = WithinCount == 0 && Hierarchy.Family != NbFamily.Gaussian ? i : -1;
            WithinCount++;
        }
    }

    /// <summary>Adds coordinates about another coordinate.</summary>
    public void AddAbout(ReadOnlySpan<int> coordinates, int centre)
    {
        foreach (var i in coordinates)
        {
            Within[(i * Length) + i]++;
            Within[(centre * Length) + centre]++;
            Within[(i * Length) + centre]--;
            Within[(centre * Length) + i]--;
            WithinCount++;
        }
    }
}
