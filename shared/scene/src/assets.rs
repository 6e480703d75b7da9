//! Which assets a document names.

use std::collections::BTreeSet;

use crate::document::{VisualShape, WorldDocument};

impl WorldDocument {
    /// Paths of all assets that it names, each once.
    pub fn assets(&self) -> BTreeSet<&str> {
        let own = self.objects.iter().map(|object| &object.properties);
        let all = own.chain(self.blueprints.values());
        let named = all.flat_map(|properties| {
            let visuals = properties.visuals.iter().flatten();
            let models = visuals.filter_map(|visual| match &visual.shape {
                VisualShape::Model { path } => Some(path.as_str()),
                _ => None,
            });
            let sound = properties.sound.as_ref().map(|sound| sound.path.as_str());
            let script = properties.script.as_ref().map(|script| script.module.as_str());
            models.chain(sound).chain(script)
        });
        let images = self.materials.values().filter_map(|material| material.image.as_ref());
        let images = images.map(|image| image.path.as_str());
        named.chain(images).chain(self.environment.sky.as_deref()).collect()
    }

    /// Gives assets other paths; none: it stays.
    pub fn rename_assets(&mut self, path_of: &mut dyn FnMut(&str) -> Option<String>) {
        let mut rename = |path: &mut String| {
            if let Some(other) = path_of(path) {
                *path = other;
            }
        };
        let own = self.objects.iter_mut().map(|object| &mut object.properties);
        for properties in own.chain(self.blueprints.values_mut()) {
            for visual in properties.visuals.iter_mut().flatten() {
                if let VisualShape::Model { path } = &mut visual.shape {
                    rename(path);
                }
            }
            if let Some(sound) = &mut properties.sound {
                rename(&mut sound.path);
            }
            if let Some(script) = &mut properties.script {
                rename(&mut script.module);
            }
        }
        for image in self.materials.values_mut().filter_map(|material| material.image.as_mut()) {
            rename(&mut image.path);
        }
        if let Some(sky) = &mut self.environment.sky {
            rename(sky);
        }
    }
}
