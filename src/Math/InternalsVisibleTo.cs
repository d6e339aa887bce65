using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("FitCluster.Math.Tests")]
[assembly: InternalsVisibleTo("FitCluster.Bench")]
[assembly: InternalsVisibleTo("FitCluster.Nb.Tests")]
