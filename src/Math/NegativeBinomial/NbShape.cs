namespace FitCluster.Math.NegativeBinomial;

/// <summary>How many tables and statistics of what there are; the same at the coordinator and on every shard.</summary>
/// <param name="Components">K.</param>
/// <param name="Datasets">D.</param>
/// <param name="Genes">G.</param>
/// <param name="OddsByGene">Whether psi = E log(1 + a e^xi) differs between the genes of a leaf; false: one row a leaf.</param>
/// <param name="ZeroInflated">Whether chi and NZ are there: zero inflation without BNB.</param>
/// <param name="ByEntry">BNB: tables and statistics by entry, no psi, chi, V, VU, NZ.</param>
public sealed record NbShape(int Components, int Datasets, int Genes, bool OddsByGene, bool ZeroInflated, bool ByEntry)
{
    /// <summary>Leaves: pairs of a component and a dataset.</summary>
    public int Leaves => Components * Datasets;

    /// <summary>The shape of a model.</summary>
    public static NbShape Of(NbOptions options)
    {
        var byEntry = options.Overdispersion == NbOverdispersion.Bnb;
        var priors = options.Priors;
        var oddsByGene = options.Parametrization == NbParametrization.MeanDisp ||
            priors.ProbabilityGenes.Family != NbFamily.None ||
            (priors.ProbabilityDatasets.Family != NbFamily.None && priors.ProbabilityMode != NbProbabilityMode.Scalar);
        return new NbShape(
            options.Components, options.Datasets.Count, options.Genes, oddsByGene && !byEntry, options.ZeroInflation && !byEntry, byEntry);
    }

    /// <summary>The index of a leaf: component x D + dataset.</summary>
    public int Leaf(int component, int dataset) => (component * Datasets) + dataset;
}
