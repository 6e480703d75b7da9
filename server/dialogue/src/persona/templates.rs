//! Personas that come along, to begin with or to change. Their texts lie in `assets/companions`.

use super::{Persona, PersonaError};

/// Ids of the templates, and their JSON.
const TEMPLATES: [(&str, &str); 7] = [
    ("guide", include_str!("../../../../assets/companions/guide.json")),
    ("gardener", include_str!("../../../../assets/companions/gardener.json")),
    ("storyteller", include_str!("../../../../assets/companions/storyteller.json")),
    ("carver", include_str!("../../../../assets/companions/carver.json")),
    ("jester", include_str!("../../../../assets/companions/jester.json")),
    ("teacher", include_str!("../../../../assets/companions/teacher.json")),
    ("lamplighter", include_str!("../../../../assets/companions/lamplighter.json")),
];

/// Ids of all templates.
pub fn ids() -> impl Iterator<Item = &'static str> + Clone {
    TEMPLATES.iter().map(|(id, _)| *id)
}

/// One template; nothing if there is none of that id.
pub fn template(id: &str) -> Option<Result<Persona, PersonaError>> {
    let (_, json) = TEMPLATES.iter().find(|(known, _)| *known == id)?;
    Some(Persona::from_json(json))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hearing::language::Language;

    #[test]
    fn every_template_holds_and_is_somebody_of_its_own() {
        let mut personas: Vec<Persona> = Vec::new();
        for id in ids() {
            let persona = template(id).unwrap().unwrap_or_else(|error| panic!("{id}: {error}"));
            assert!(persona.greetings.len() >= 2 && persona.sayings.len() >= 3, "{id}");
            assert_ne!(persona.background.to(Language::En), persona.background.to(Language::Fr));
            for other in &personas {
                assert_ne!(persona.name, other.name);
                let (a, b) = (persona.genome.expressed(), other.genome.expressed());
                assert_ne!(a, b, "{id} is like {}", other.name);
            }
            personas.push(persona);
        }
        assert!(template("nobody").is_none());
    }
}
